/**
 * Edits of a schema, field by field. Each answers a new schema and leaves alone what it does not name, so
 * keywords that this panel knows nothing of survive every click.
 */
import type { JsonSchema } from '@plinth/client/admin';
import type { FieldKind } from '../../../catalog/kind';
import { reservation } from './names';

export const RENAMED_FROM = 'x-renamed-from';

/** An empty definition, as a new collection starts. */
export const blank: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: [],
  additionalProperties: false,
  properties: {},
};

/** Keywords that say what kind a field is or belong to one kind; they go when the kind changes. */
const ofKinds = [
  'type',
  'enum',
  'format',
  'items',
  'properties',
  'required',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'default',
  'x-relation',
];

/** The least schema of a kind. Relations lead to `target`. */
export function schemaOf(kind: FieldKind, target: string): JsonSchema {
  switch (kind) {
    case 'text':
      return { type: 'string' };
    case 'dateTime':
      return { type: 'string', format: 'date-time' };
    case 'choice':
      return { enum: ['first', 'second'] };
    case 'list':
      return { type: 'array', items: { type: 'string' } };
    case 'relation':
      return { type: 'string', 'x-relation': { collection: target, onDelete: 'restrict' } };
    case 'relations':
      return { type: 'array', items: { type: 'string', 'x-relation': { collection: target } } };
    default:
      return { type: kind };
  }
}

/** The field as another kind: its words and flags stay, the rules of the old kind go. */
export function withKind(field: JsonSchema, kind: FieldKind, target: string): JsonSchema {
  const kept = Object.fromEntries(Object.entries(field).filter(([keyword]) => !ofKinds.includes(keyword)));
  return { ...schemaOf(kind, target), ...kept };
}

/** The field with one keyword set, or removed where the value is undefined. */
export function withKeyword(field: JsonSchema, keyword: string, value: unknown): JsonSchema {
  const next = { ...field };
  if (value === undefined) delete next[keyword];
  else next[keyword] = value;
  return next;
}

/** A new field at the end. */
export function addField(schema: JsonSchema, name: string, field: JsonSchema): JsonSchema {
  return { ...schema, properties: { ...schema.properties, [name]: field } };
}

/** Another schema for a field that is there. */
export function setField(schema: JsonSchema, name: string, field: JsonSchema): JsonSchema {
  return addField(schema, name, field);
}

/** The schema without the field. */
export function removeField(schema: JsonSchema, name: string): JsonSchema {
  const properties = { ...schema.properties };
  delete properties[name];
  return setRequired({ ...schema, properties }, name, false);
}

/** Whether the field must have a value. */
export function setRequired(schema: JsonSchema, name: string, required: boolean): JsonSchema {
  const others = (schema.required ?? []).filter((other) => other !== name);
  if (!required) return schema.required ? { ...schema, required: others } : schema;
  return { ...schema, required: [...(schema.required ?? []).filter((other) => other !== name), name] };
}

/**
 * The field under another name in the same place. `stored` is the name the server knows it by: with it the
 * rename keeps the data, and going back to it leaves no trace.
 */
export function renameField(schema: JsonSchema, from: string, to: string, stored: string | null): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, field]): [string, JsonSchema] => {
    if (name !== from) return [name, field];
    return [to, withKeyword(field, RENAMED_FROM, stored !== null && stored !== to ? stored : undefined)];
  });
  return {
    ...schema,
    ...(schema.required && { required: schema.required.map((name) => (name === from ? to : name)) }),
    properties: Object.fromEntries(properties),
  };
}

/** The field moved to another place in the order. */
export function moveField(schema: JsonSchema, name: string, to: number): JsonSchema {
  const entries = Object.entries(schema.properties ?? {});
  const at = entries.findIndex(([other]) => other === name);
  const [entry] = entries.splice(at, 1);
  if (at < 0 || !entry) return schema;
  entries.splice(to, 0, entry);
  return { ...schema, properties: Object.fromEntries(entries) };
}

/** A name that is neither taken nor reserved: `text`, `text2`, … */
export function freeName(schema: JsonSchema, wish: string): string {
  const taken = new Set(Object.keys(schema.properties ?? {}).map((name) => name.toLowerCase()));
  let name = wish;
  for (let next = 2; taken.has(name.toLowerCase()) || reservation(name, 'account field') !== null; next++) name = `${wish}${next}`;
  return name;
}
