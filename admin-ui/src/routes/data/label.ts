/** What a record is called where it stands for itself: in a relation's cell, a picker, the drawer's title. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { fieldsOf } from '../../catalog/kind';

/** Names that people give to the field that says what a thing is, the best first. */
const telling = ['name', 'title', 'label', 'displayName', 'fullName', 'username', 'email', 'subject', 'slug', 'key', 'body', 'text'];

/** The field whose value stands for a record of this collection; null where only the id does. */
export function labelField(definition: Pick<CollectionDefinition, 'schema'>): string | null {
  const texts = fieldsOf(definition).filter(({ kind, schema }) => kind === 'text' && !schema.writeOnly);
  const known = telling.find((name) => texts.some((field) => field.name === name));
  return known ?? texts.find(({ required }) => required)?.name ?? texts[0]?.name ?? null;
}

/** The label of a record, or null where its field is empty or not in sight. */
export function labelOf(record: Record<string, unknown> | null | undefined, field: string | null): string | null {
  const value = field === null ? undefined : record?.[field];
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** The last six of an id: the heads of UUIDv7 look alike. */
export function shortId(id: string): string {
  return `…${id.slice(-6)}`;
}
