/** How the records that relations lead to are labelled, and what `expand` has to bring for it. */
import type { CollectionDefinition } from '@plinth/client/admin';
import type { Column } from '../columns';
import { labelField, labelOf } from '../label';
import type { Row } from './rows';

/** The label field of each collection by name. */
export type Labels = ReadonlyMap<string, string | null>;

/** One end of a relation in a cell. */
interface Linked {
  id: string;
  /** Null where the record is gone or out of sight, or has no label. */
  label: string | null;
}

/** The label fields of all collections. */
export function labelsOf(definitions: readonly CollectionDefinition[]): Labels {
  return new Map(definitions.map((definition) => [definition.name, labelField(definition)]));
}

/** What to bring for the relations among these columns: of each record, its id and its label alone. */
export function expandOf(columns: readonly Column[], labels: Labels): Record<string, true | { select: string[] }> {
  const wanted = columns.flatMap(({ name, target }): [string, { select: string[] }][] => {
    if (target === undefined) return [];
    const label = labels.get(target);
    return [[name, { select: label ? ['id', label] : ['id'] }]];
  });
  return Object.fromEntries(wanted);
}

/** The records that a relation's value leads to, in its order. */
export function linkedOf(record: Row, column: Pick<Column, 'name' | 'target'>, labels: Labels): Linked[] {
  const value = record[column.name];
  const ids = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : [];
  const brought = record.expand?.[column.name];
  const known = (Array.isArray(brought) ? brought : [brought]) as (Record<string, unknown> | null | undefined)[];
  const field = labels.get(column.target ?? '') ?? null;
  return ids.map((id) => ({ id, label: labelOf(known.find((item) => item?.id === id), field) }));
}
