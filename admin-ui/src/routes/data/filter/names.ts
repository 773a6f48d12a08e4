/** The names that a filter of a collection can use, for the line's completion. */
import type { CollectionDefinition } from '@plinth/client/admin';
import { kinds } from '../../../catalog/kind';
import type { CelName } from '../../../ui/code/cel';
import { columnsOf } from '../columns';

/** A relation of a relation is offered; further ones are typed. */
const DEPTH = 2;

const caller: CelName = {
  name: 'auth',
  detail: 'the caller',
  members: ['id', 'email', 'verified', 'roles', 'anonymous'].map((name) => ({ name })),
};

/** Fields with their kinds, what relations lead to, back-relations, and the fixed names. */
export function namesOf(definition: CollectionDefinition, definitions: readonly CollectionDefinition[]): CelName[] {
  return [...fieldNames(definition, definitions, DEPTH), ...backNames(definition.name, definitions), caller, { name: 'now', detail: 'this moment' }];
}

function fieldNames(definition: Pick<CollectionDefinition, 'schema'>, definitions: readonly CollectionDefinition[], depth: number): CelName[] {
  return columnsOf(definition).map(({ name, kind, target }) => {
    if (target === undefined) return { name, detail: kind === 'id' ? 'id' : kinds[kind].word };
    const next = kind === 'relation' && depth > 0 ? definitions.find((other) => other.name === target) : undefined;
    return { name, detail: `→ ${target}`, ...(next && { members: fieldNames(next, definitions, depth - 1) }) };
  });
}

/** `members_via_room`: the records of `members` whose `room` leads here. */
function backNames(name: string, definitions: readonly CollectionDefinition[]): CelName[] {
  return definitions.flatMap((other) =>
    columnsOf(other)
      .filter(({ target }) => target === name)
      .map((column) => ({ name: `${other.name}_via_${column.name}`, detail: `← ${other.name}` })),
  );
}
