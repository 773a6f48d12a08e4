/** The collections as rail, palette and list show them: definitions, row counts and exposure. */
import type { Versioned } from '@plinth/client';
import type { CollectionDefinition, Rules } from '@plinth/client/admin';
import { admin } from '../session/client';
import { invalidate, query, type Query } from '../query/query.svelte';
import { session } from '../session/session.svelte';
import { count as countRows } from './rows';

/** All definitions, the built-in `users` last. */
export function collections(): Query<CollectionDefinition[]> {
  return query(
    () => (session.parts.has('collections') ? 'collections' : null),
    async () => {
      const items = await admin.collections.list();
      return items.toSorted((a, b) => Number(a.system) - Number(b.system) || (a.name < b.name ? -1 : 1));
    },
  );
}

/** One definition by name; null asks nothing. */
export function collection(name: () => string | null): Query<Versioned<CollectionDefinition>> {
  return query(
    () => (name() === null ? null : `collections/${name() ?? ''}`),
    () => admin.collections.get(name() ?? ''),
  );
}

/** Exact row counts by collection, shared by all who ask. `keepCounted` keeps them true. */
export function rowCounts(names: () => string[] | undefined): Query<Record<string, number>> {
  return query(
    () => (names() === undefined ? null : `rows/${names()?.join(',') ?? ''}`),
    () => countRows(names() ?? []),
  );
}

/** All rules and their version, under the key `policies`; not asked for where the account may not read them. */
export function rules(): Query<Rules> {
  return query(
    () => (session.parts.has('policies') ? 'policies' : null),
    () => admin.policies.list(),
  );
}

/** After a definition changed: lists, counts and whatever shows one. */
export async function definitionsChanged(): Promise<void> {
  await Promise.all([invalidate('collections'), invalidate('rows')]);
}
