import { type Answer, type RequestOptions, type Request, path } from '../http.js';
import { type Versioned, versioned } from '../record.js';
import type { Rule } from './policies.js';

/** A JSON Schema of draft 2020-12, with the own keywords of Plinth. */
export interface JsonSchema {
  $schema?: string;
  $ref?: string;
  $defs?: { [name: string]: JsonSchema };
  type?: string | string[];
  title?: string;
  description?: string;
  deprecated?: boolean;
  readOnly?: boolean;
  writeOnly?: boolean;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: { [field: string]: JsonSchema };
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  'x-unique'?: boolean;
  'x-relation'?: { collection: string; onDelete?: 'restrict' | 'cascade' | 'setNull' };
  /** The field's name so far: a rename keeps its data. */
  'x-renamed-from'?: string;
  [keyword: string]: unknown;
}

/** An index over fields, a minus before those that run from the greatest. */
export interface IndexDefinition {
  fields: string[];
  unique?: boolean;
}

/** What a person writes to make a collection. */
export interface CollectionInput {
  name: string;
  schema: JsonSchema;
  indexes?: IndexDefinition[];
  search?: string[];
}

/** A collection as the server keeps it. */
export interface CollectionDefinition extends CollectionInput {
  kind: 'base' | 'view';
  system: boolean;
  indexes: IndexDefinition[];
  search: string[];
  hash: string;
  createdAt: string;
  updatedAt: string;
}

/** What a step of a plan does. */
export type PlanStepKind =
  | 'createCollection'
  | 'dropCollection'
  | 'renameCollection'
  | 'addField'
  | 'dropField'
  | 'renameField'
  | 'changeKind'
  | 'setRequired'
  | 'unsetRequired'
  | 'setDefault'
  | 'setUnique'
  | 'unsetUnique'
  | 'addIndex'
  | 'dropIndex'
  | 'changeRules'
  | 'changeRelation';

/** One step of a change of definition, with what it would meet. */
export interface PlanStep {
  step: PlanStepKind;
  field: string | null;
  destructive: boolean;
  /** How many rows it touches. */
  rows: number;
  detail: string;
  sql: string[];
  /** Rows that the new definition would reject. */
  failures?: { rows: number; code: string; sample: { id: string; value: unknown }[] };
}

/** What a change would do, found out without doing it. */
export interface Plan {
  steps: PlanStep[];
  destructive: boolean;
  /** Some step has failing rows: applying is refused. */
  blocked: boolean;
  /** The rules that name what goes, and so allow nothing afterwards. */
  silenced: { rule: Rule; reason: string }[];
}

/** How a change of definition is applied. */
export interface ApplyOptions {
  /** `definition[etag]`: refuse with 412 when somebody has changed it since. */
  ifMatch?: string;
  /** Let go of data that the new definition has no place for. */
  allowDestructive?: boolean;
}

/** Definitions; `plan…` tells what the method of that name would do. */
export interface Collections {
  list(): Promise<CollectionDefinition[]>;
  get(name: string): Promise<Versioned<CollectionDefinition>>;
  create(input: CollectionInput): Promise<CollectionDefinition>;
  planCreate(input: CollectionInput, signal?: AbortSignal): Promise<Plan>;
  update(name: string, change: Partial<CollectionInput>, options?: ApplyOptions): Promise<CollectionDefinition>;
  planUpdate(name: string, change: Partial<CollectionInput>, signal?: AbortSignal): Promise<Plan>;
  delete(name: string, options?: ApplyOptions): Promise<void>;
  planDelete(name: string, signal?: AbortSignal): Promise<Plan>;
}

/** The routes of `/collections`. */
export function collections(request: Request): Collections {
  const body = async <T>(answer: Promise<Answer<T>>): Promise<T> => (await answer).body;
  const one = (name: string): string => path`/collections/${name}`;
  const plan = async (method: string, route: string, signal?: AbortSignal, input?: object): Promise<Plan> =>
    (await request<{ plan: Plan }>(method, route, { body: input, signal, query: { dryRun: true } })).body.plan;
  return {
    list: async () => (await request<{ items: CollectionDefinition[] }>('GET', '/collections')).body.items,
    get: async (name) => {
      const { body: definition, etag } = await request<CollectionDefinition>('GET', one(name));
      return versioned(definition, etag);
    },
    create: (input) => body(request('POST', '/collections', { body: input })),
    planCreate: (input, signal) => plan('POST', '/collections', signal, input),
    update: (name, change, options) => body(request('PATCH', one(name), { body: change, ...applied(options) })),
    planUpdate: (name, change, signal) => plan('PATCH', one(name), signal, change),
    delete: (name, options) => body(request('DELETE', one(name), applied(options))),
    planDelete: (name, signal) => plan('DELETE', one(name), signal),
  };
}

function applied({ ifMatch, allowDestructive }: ApplyOptions = {}): RequestOptions {
  return { query: { allowDestructive }, headers: { 'if-match': ifMatch } };
}
