/** The columns of a collection: `id`, its own fields in the schema's order, and the two times of every record. */
import type { CollectionDefinition, JsonSchema } from '@plinth/client/admin';
import { fieldsOf, targetOf, type FieldKind } from '../../catalog/kind';

export interface Column {
  name: string;
  kind: FieldKind | 'id';
  schema: JsonSchema;
  required: boolean;
  /** Set by the server or a policy only. */
  readOnly: boolean;
  /** The collection that a relation leads to. */
  target: string | undefined;
  sortable: boolean;
  /** In pixels, before anybody drags it. */
  width: number;
  /** Takes the room that is left. */
  grows: boolean;
}

const widths: Record<Column['kind'], number> = {
  id: 104,
  text: 240,
  integer: 104,
  number: 104,
  boolean: 96,
  dateTime: 152,
  choice: 112,
  object: 200,
  list: 176,
  relation: 168,
  relations: 200,
};

const moment: JsonSchema = { type: 'string', format: 'date-time', readOnly: true };

/** All columns that can be shown. What is `writeOnly` never comes back, so it has none. */
export function columnsOf(definition: Pick<CollectionDefinition, 'schema'>): Column[] {
  const own = fieldsOf(definition)
    .filter(({ schema }) => !schema.writeOnly)
    .map(({ name, kind, required, schema }) => column(name, kind, schema, required));
  return [
    { ...column('id', 'id', { type: 'string', readOnly: true }, true), readOnly: true },
    ...own,
    column('createdAt', 'dateTime', moment, true),
    column('updatedAt', 'dateTime', moment, true),
  ];
}

/** The columns of a view. `id` always stands first; names that do not exist are passed over. */
export function shownColumns(all: readonly Column[], names: readonly string[] | null): Column[] {
  const chosen = names ?? defaultNames(all);
  const found = ['id', ...chosen.filter((name) => name !== 'id')].flatMap((name) => all.find((column) => column.name === name) ?? []);
  const grower = found.find(({ kind }) => kind === 'text') ?? found.at(-1);
  return found.map((column) => (column === grower ? { ...column, grows: true } : column));
}

/** What is shown without a choice: everything but the time of the last change. */
export function defaultNames(all: readonly Column[]): string[] {
  return all.map(({ name }) => name).filter((name) => name !== 'updatedAt');
}

/** Numbers stand right. */
export function isNumeric(kind: Column['kind']): boolean {
  return kind === 'integer' || kind === 'number';
}

function column(name: string, kind: Column['kind'], schema: JsonSchema, required: boolean): Column {
  return {
    name,
    kind,
    schema,
    required,
    readOnly: schema.readOnly === true,
    target: targetOf(schema),
    sortable: kind !== 'object' && kind !== 'list' && kind !== 'relations',
    // Long names need their room: icon, arrow and padding take 56.
    width: Math.max(widths[kind], Math.min(name.length * 8 + 56, 240)),
    grows: false,
  };
}
