/** What a condition may name, for completion, and conditions to start from. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { fieldsOf, targetOf } from '../../../catalog/kind';
import type { CelName } from '../../../ui/code/cel';
import { namesOf } from '../../data/filter/names';
import type { Place } from './place';

/** Fields and back-relations of the collection, the caller with the accounts' own fields, the time, and the new values of a write. */
export function conditionNames(definition: CollectionDefinition, all: readonly CollectionDefinition[], action: Place['action']): CelName[] {
  const names = namesOf(definition, all);
  const users = all.find(({ name }) => name === 'users');
  const own = users ? fieldsOf(users).map(({ name }) => ({ name })) : [];
  const withOwn = names.map((name) => (name.name === 'auth' ? { ...name, members: merged(name.members ?? [], own) } : name));
  if (!hasData(action)) return withOwn;
  const fields = names.filter(({ name }) => name === 'id' || name in (definition.schema.properties ?? {}));
  return [...withOwn, { name: 'data', detail: 'the record as it would become', members: fields }];
}

/** Whether a condition for this action may speak of `data`. */
export function hasData(action: Place['action']): boolean {
  return action === 'create' || action === 'update' || action === '*';
}

/** A condition to start from. */
interface Suggestion {
  label: string;
  condition: string;
}

/** Conditions that most apps want, for the fields this collection has. */
export function suggestionsFor(definition: CollectionDefinition, action: Place['action']): Suggestion[] {
  const owners = definition.name === 'users' ? [{ name: 'id' }] : fieldsOf(definition).filter(({ kind, schema }) => kind === 'relation' && targetOf(schema) === 'users');
  const own = owners.map(({ name }) => ({ label: name === 'id' ? 'Own account' : `Own, by ${name}`, condition: ownBy(name, action) }));
  const choices = fieldsOf(definition).filter(({ kind }) => kind === 'choice' || kind === 'boolean');
  const row = action === 'create' ? 'data.' : '';
  const states = choices.slice(0, 2).map(({ name, kind, schema }) => {
    const value = kind === 'boolean' ? 'true' : JSON.stringify(schema.enum?.at(-1) ?? '');
    return { label: `${name} is ${value.replaceAll('"', '')}`, condition: `${row}${name} == ${value}` };
  });
  return [...own, ...states];
}

/** A write must not hand the record to somebody else either. */
function ownBy(field: string, action: Place['action']): string {
  if (action === 'create') return `data.${field} == auth.id`;
  return action === 'update' && field !== 'id' ? `${field} == auth.id\n&& data.${field} == ${field}` : `${field} == auth.id`;
}

function merged(names: readonly CelName[], more: readonly CelName[]): CelName[] {
  return [...names, ...more.filter(({ name }) => !names.some((other) => other.name === name))];
}
