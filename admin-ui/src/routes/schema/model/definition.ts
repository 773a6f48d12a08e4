/**
 * What the JSON pane holds: the schema alone, or the whole definition as it stands in a file or in the body of
 * `POST /collections`. Either can be pasted; which of the two it is shows in its members.
 */
import type { IndexDefinition, JsonSchema } from '@plinth/client/admin';
import { print } from './print';
import { segment } from './source';

export type Form = 'schema' | 'definition';

/** A definition's own members. */
export interface Definition {
  name: string;
  schema: JsonSchema;
  indexes: IndexDefinition[];
  search: string[];
}

/** Why a value is no definition, and where. */
export interface Fault {
  message: string;
  pointer: string;
}

export type Reading =
  | { form: 'schema'; value: Pick<Definition, 'schema'>; fault: null }
  | { form: 'definition'; value: Definition; fault: null }
  | { form: Form; value: null; fault: Fault };

/** The place of the schema in a text of this form. */
export const schemaAt: Record<Form, string> = { schema: '', definition: '/schema' };

/** The definition as text of this form; what is empty and optional is left out. */
export function write(form: Form, { name, schema, indexes, search }: Definition): string {
  if (form === 'schema') return print(schema, ['/properties']);
  const whole = { name, schema, indexes, ...(search.length > 0 && { search }) };
  return print(whole, ['/schema', '/schema/properties', ...(indexes.length > 1 ? ['/indexes'] : [])]);
}

/** Reads a value that was typed or pasted. `form` is the one before, for a value that could be either. */
export function read(value: unknown, form: Form): Reading {
  const is = formOf(value, form);
  const fault = is === 'schema' ? schemaFault(value, '') : definitionFault(value);
  if (fault) return { form: is, value: null, fault };
  if (is === 'schema') return { form: is, value: { schema: value as JsonSchema }, fault };
  const { name, schema, indexes = [], search = [] } = value as Pick<Definition, 'name' | 'schema'> & Partial<Definition>;
  return { form: is, value: { name, schema, indexes, search }, fault };
}

/** A schema has a type or properties at its top; a definition has neither, but a name, a schema or indexes. */
function formOf(value: unknown, before: Form): Form {
  if (!isObject(value)) return before;
  if ('type' in value || 'properties' in value || '$schema' in value) return 'schema';
  return 'schema' in value || 'name' in value || 'indexes' in value ? 'definition' : before;
}

function definitionFault(value: unknown): Fault | null {
  if (!isObject(value)) return at('', 'A definition is an object in braces');
  const { name, schema, indexes, search, kind, ...others } = value;
  const [odd] = Object.keys(others);
  if (odd !== undefined) return at(`/${segment(odd)}`, `A definition has no member ${odd}, but name, schema and indexes: remove it`);
  if (kind !== undefined && kind !== 'base') return at('/kind', 'Views are not supported yet: leave kind out');
  if (name === undefined) return at('', 'The name is missing: "name": "messages"');
  if (typeof name !== 'string') return at('/name', 'The name is a text');
  if (schema === undefined) return at('', 'The schema is missing: "schema": { "type": "object", … }');
  return schemaFault(schema, '/schema') ?? indexesFault(indexes) ?? searchFault(search);
}

/** What the list of fields cannot show at all; finer faults are the server's to find. */
function schemaFault(value: unknown, pointer: string): Fault | null {
  if (!isObject(value)) return at(pointer, 'A schema is an object in braces');
  const { properties, required } = value;
  if (properties !== undefined && !isObject(properties)) return at(`${pointer}/properties`, 'properties is an object of fields');
  if (required !== undefined && !isTexts(required)) return at(`${pointer}/required`, 'required is a list of field names');
  const odd = Object.entries(properties ?? {}).find(([, field]) => !isObject(field));
  return odd ? at(`${pointer}/properties/${segment(odd[0])}`, `The field ${odd[0]} is an object in braces`) : null;
}

function indexesFault(indexes: unknown): Fault | null {
  if (indexes === undefined) return null;
  if (!Array.isArray(indexes)) return at('/indexes', 'indexes is a list: [{ "fields": ["room", "-createdAt"] }]');
  const odd = indexes.findIndex((index) => !isIndex(index));
  return odd < 0 ? null : at(`/indexes/${odd}`, 'An index is { "fields": ["room", "-createdAt"], "unique": true }');
}

function isIndex(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { fields, unique, ...others } = value;
  return isTexts(fields) && (unique === undefined || typeof unique === 'boolean') && Object.keys(others).length === 0;
}

function searchFault(search: unknown): Fault | null {
  return search === undefined || isTexts(search) ? null : at('/search', 'search is a list of field names');
}

const at = (pointer: string, message: string): Fault => ({ pointer, message });

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
