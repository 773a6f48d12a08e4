import { type Request, path } from '../http.js';

/** What a rule allows or forbids; `write` is for parts of the administration only (`sys:…`). */
export type Action = 'read' | 'create' | 'update' | 'delete' | 'write' | '*';

/** A rule as a person writes it. */
export interface RuleInput {
  /** `role:NAME` or `user:ID`. */
  subject: string;
  /** A collection, a glob of collections, or `sys:…`. */
  object: string;
  action: Action;
  /** CEL that must hold for the row; empty for every row. */
  condition: string;
  /** Names with commas between; empty for all fields. */
  fields: string;
  effect: 'allow' | 'deny';
}

/** A rule as the server keeps it. */
export interface Rule extends RuleInput {
  id: string;
}

/** All rules, with the version that counts their changes. */
export interface Rules {
  items: Rule[];
  version: number;
}

/** Who wants to do what to which record. */
export interface Question {
  /** `user:ID`, `role:NAME` or `anonymous`. */
  subject: string;
  collection: string;
  action: Exclude<Action, 'write' | '*'>;
  id?: string;
  data?: object;
}

/** How a condition came out: CEL's three values. */
export type Held = 'true' | 'false' | 'error';

/** A part of a condition with the values that were compared. */
export interface ConditionPart {
  expression: string;
  held: Held;
  /** What was read; without a value where there is none, such as behind a relation that is unset. */
  operands: { expression: string; value?: unknown }[];
}

/** What one rule said. */
export interface RuleVerdict {
  rule: Rule;
  /** The role through which the subject has it. */
  via: string;
  verdict: 'allows' | 'denies' | 'doesNotHold' | 'error' | 'notApplicable';
  condition: { held: Held; parts: ConditionPart[] } | null;
  fields: string[] | null;
}

/** The decision and every step to it. */
export interface Explanation {
  allowed: boolean;
  /** What the caller would be answered. */
  status: number;
  reason: string;
  roles: string[];
  version: number;
  rules: RuleVerdict[];
  /** What may be read or written. */
  fields: string[];
  /** The rule that came closest to allowing it. */
  nearest: string | null;
  refusedFields: string[];
}

/** The rules and the reasons they give. */
export interface Policies {
  list(): Promise<Rules>;
  create(rule: RuleInput): Promise<Rule>;
  update(id: string, change: Partial<RuleInput>): Promise<Rule>;
  delete(id: string): Promise<void>;
  /** Puts these rules in place of all there are, at once. */
  replace(rules: readonly (RuleInput & { id?: string })[]): Promise<Rules>;
  explain(question: Question, signal?: AbortSignal): Promise<Explanation>;
}

/** The routes of `/policies`. */
export function policies(request: Request): Policies {
  const one = (id: string): string => path`/policies/${id}`;
  return {
    list: async () => (await request<Rules>('GET', '/policies')).body,
    create: async (body) => (await request<Rule>('POST', '/policies', { body })).body,
    update: async (id, body) => (await request<Rule>('PATCH', one(id), { body })).body,
    delete: async (id) => {
      await request('DELETE', one(id));
    },
    replace: async (items) => (await request<Rules>('PUT', '/policies', { body: { items } })).body,
    explain: async (body, signal) => (await request<Explanation>('POST', '/policies/explain', { body, signal, idempotent: true })).body,
  };
}
