/** The condition that a cell's value makes: "filter by this value". */
import type { Column } from '../columns';
import { literalOf } from './literal';

/** CEL that holds of records with this value (or, with `not`, of those with another); null where there is no such. */
export function partFor(column: Pick<Column, 'name' | 'kind'>, value: unknown, not = false): string | null {
  const sign = not ? '!=' : '==';
  if (value === null || value === undefined) return `${column.name} ${sign} null`;
  if (Array.isArray(value)) {
    if (value.length === 0) return `size(${column.name}) ${not ? '>' : '=='} 0`;
    const items = value.map((item) => literalOf(column.kind === 'relations' ? 'relation' : 'text', item));
    const joined = items.map((item) => `${item ?? 'null'} in ${column.name}`).join(' && ');
    return not ? `!(${joined})` : joined;
  }
  const literal = literalOf(column.kind, value);
  return literal === null ? null : `${column.name} ${sign} ${literal}`;
}
