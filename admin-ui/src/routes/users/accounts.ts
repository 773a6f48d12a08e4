/** What this screen asks and writes about accounts. */
import type { CollectionDefinition, ManagedUser } from '@plinth/client/admin';
import { invalidate, query, type Query } from '../../query/query.svelte';
import { admin } from '../../session/client';
import { columnsOf, type Column } from '../data/columns';

/** The server's limit for a page. */
export const MOST = 500;

export interface Accounts {
  items: ManagedUser[];
  /** There are more than were asked for. */
  more: boolean;
}

/** The accounts whose e-mail holds `search`, up to `limit`. */
export function accounts(search: () => string, limit: () => number): Query<Accounts> {
  return query(
    () => `users/list/${limit()}/${search()}`,
    async () => {
      const text = search().trim();
      const { items, nextCursor } = await admin.users.list({ limit: limit(), ...(text && { search: text }) });
      return { items, more: nextCursor !== null };
    },
  );
}

/** One account; null asks nothing. */
export function account(id: () => string | null): Query<ManagedUser> {
  return query(
    () => (id() === null ? null : `users/one/${id() ?? ''}`),
    () => admin.users.get(id() ?? ''),
  );
}

/** After an account changed: the list, the open one, its roles and the row counts. */
export async function accountsChanged(): Promise<void> {
  await Promise.all([invalidate('users'), invalidate('roles'), invalidate('rows'), invalidate('accounts')]);
}

/** The fields that an administrator may set: e-mail and verified through this route alone, and the app's own. */
export function editable(definition: CollectionDefinition | undefined): Column[] {
  const hidden = ['id', 'createdAt', 'updatedAt'];
  const columns = definition ? columnsOf(definition) : [];
  return columns.filter(({ name }) => !hidden.includes(name)).map((column) => (['email', 'verified'].includes(column.name) ? { ...column, readOnly: false, required: true } : column));
}

/** The app's own fields. */
export function ownColumns(definition: CollectionDefinition | undefined): Column[] {
  return editable(definition).filter(({ name }) => !['email', 'verified'].includes(name));
}
