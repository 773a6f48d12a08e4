/** The fields a rule can be limited to. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { covers } from '../../../catalog/exposure';
import { fieldsOf } from '../../../catalog/kind';
import type { Place } from './place';

/**
 * The own fields of what an object covers: those that can be read, or written. `id`, `createdAt` and `updatedAt` are
 * part of every record and can't be held back.
 */
export function limitable(object: string, action: Place['action'], definitions: readonly CollectionDefinition[]): string[] {
  const covered = definitions.filter(({ name }) => covers(object, name));
  const fit = (schema: { readOnly?: boolean; writeOnly?: boolean }) => (action === 'read' ? !schema.writeOnly : action === '*' || !schema.readOnly);
  return [...new Set(covered.flatMap((definition) => fieldsOf(definition).filter(({ schema }) => fit(schema)).map(({ name }) => name)))];
}

/** Whether rules for this action have fields at all. */
export function hasFields({ action, object }: Pick<Place, 'action' | 'object'>): boolean {
  return action !== 'delete' && !object.startsWith('sys:');
}

/** The list with one name in or out, in the schema's order; all of them are `null`, which takes in later ones too. */
export function toggled(chosen: readonly string[] | null, name: string, all: readonly string[]): string[] | null {
  const before = chosen ?? all;
  const after = before.includes(name) ? before.filter((other) => other !== name) : [...before, name];
  const ordered = [...all.filter((other) => after.includes(other)), ...after.filter((other) => !all.includes(other))];
  return ordered.length === all.length && all.every((other) => after.includes(other)) ? null : ordered;
}
