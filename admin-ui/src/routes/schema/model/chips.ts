/** What a field's row says of its rules, as few words as they allow. */
import type { JsonSchema } from '@plinth/client/admin';
import { kindOf } from '../../../catalog/kind';
import { count } from '../../../ui/number';
import { RENAMED_FROM } from './fields';

const onDelete = { restrict: 'restrict', cascade: 'on delete cascade', setNull: 'set null' } as const;

/** Chips in the order of importance: what is cut off at the right matters least. */
export function chipsOf(field: JsonSchema): string[] {
  const kind = kindOf(field);
  const chips: (string | false | undefined)[] = [
    typeof field[RENAMED_FROM] === 'string' && `renamed from ${field[RENAMED_FROM]}`,
    kind === null && 'only in JSON',
  ];
  const relation = field['x-relation'] ?? field.items?.['x-relation'];
  if (relation) chips.push(relation.collection, kind === 'relation' && onDelete[relation.onDelete ?? 'restrict']);
  if (kind === 'choice') chips.push(...(field.enum ?? []).map(String));
  if (kind === 'list' && typeof field.items?.type === 'string') chips.push(`of ${field.items.type}`);
  chips.push(
    field['x-unique'] === true && 'unique',
    range(field.minLength, field.maxLength, 'characters'),
    range(field.minimum, field.maximum),
    range(field.minItems, field.maxItems, 'items'),
    kind === 'text' && field.format,
    field.pattern && `matches ${field.pattern}`,
    field.default !== undefined && `default ${JSON.stringify(field.default)}`,
    field.readOnly && 'read-only',
    field.writeOnly && 'write-only',
    field.deprecated && 'deprecated',
  );
  return chips.filter((chip): chip is string => typeof chip === 'string' && chip !== '');
}

/** "1 to 2,000 characters", "at least 0", "at most 9 items". */
function range(least: unknown, most: unknown, unit = ''): string | undefined {
  const words = (text: string) => (unit ? `${text} ${text.endsWith(' 1') ? unit.slice(0, -1) : unit}` : text);
  if (typeof least === 'number' && typeof most === 'number') return words(`${count(least)} to ${count(most)}`);
  if (typeof least === 'number') return words(`at least ${count(least)}`);
  if (typeof most === 'number') return words(`at most ${count(most)}`);
  return undefined;
}
