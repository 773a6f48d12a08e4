/** The kinds of field, as a schema's keywords say them and as people call them. */
import Braces from '@lucide/svelte/icons/braces';
import Calendar from '@lucide/svelte/icons/calendar';
import Hash from '@lucide/svelte/icons/hash';
import Link from '@lucide/svelte/icons/link';
import List from '@lucide/svelte/icons/list';
import ToggleLeft from '@lucide/svelte/icons/toggle-left';
import Type from '@lucide/svelte/icons/type';
import Brackets from '@lucide/svelte/icons/brackets';
import type { CollectionDefinition, JsonSchema } from '@plinth/client/admin';
import type { Glyph } from '../ui/icon';

export type FieldKind =
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'dateTime'
  | 'choice'
  | 'object'
  | 'list'
  | 'relation'
  | 'relations';

/** One field of a collection. */
interface FieldInfo {
  name: string;
  kind: FieldKind;
  required: boolean;
  schema: JsonSchema;
}

/** The kind's glyph and word; relations are told apart by their word. */
export const kinds: Record<FieldKind, { icon: Glyph; word: string }> = {
  text: { icon: Type, word: 'text' },
  integer: { icon: Hash, word: 'integer' },
  number: { icon: Hash, word: 'number' },
  boolean: { icon: ToggleLeft, word: 'boolean' },
  dateTime: { icon: Calendar, word: 'date-time' },
  choice: { icon: List, word: 'choice' },
  object: { icon: Braces, word: 'object' },
  list: { icon: Brackets, word: 'list' },
  relation: { icon: Link, word: 'relation' },
  relations: { icon: Link, word: 'relations' },
};

/** The kind of a field's schema, or null where the server has none for it. */
export function kindOf(schema: JsonSchema): FieldKind | null {
  const type = plainType(schema);
  if (schema['x-relation']) return 'relation';
  if (type === 'array') return schema.items?.['x-relation'] ? 'relations' : 'list';
  if (Array.isArray(schema.enum)) return 'choice';
  if (type === 'string') return schema.format === 'date-time' ? 'dateTime' : 'text';
  if (type === 'integer' || type === 'number' || type === 'boolean' || type === 'object') return type;
  return null;
}

/** The collection that a relation leads to. */
export function targetOf(schema: JsonSchema): string | undefined {
  return (schema['x-relation'] ?? schema.items?.['x-relation'])?.collection;
}

/** The fields of a collection in the schema's order. */
export function fieldsOf(definition: Pick<CollectionDefinition, 'schema'>): FieldInfo[] {
  const { properties = {}, required = [] } = definition.schema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    kind: kindOf(schema) ?? 'object',
    required: required.includes(name),
    schema,
  }));
}

/** The fields every record has. */
export const builtIn = ['id', 'createdAt', 'updatedAt'] as const;

/** `["string", "null"]` is a string that may be null. */
function plainType(schema: JsonSchema): string | undefined {
  if (!Array.isArray(schema.type)) return schema.type;
  const types = schema.type.filter((type) => type !== 'null');
  return types.length === 1 ? types[0] : undefined;
}
