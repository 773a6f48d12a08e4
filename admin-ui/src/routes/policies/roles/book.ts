/** The roles with what they inherit directly, under the key `roles`. */
import type { Member } from '@plinth/client/admin';
import { query, type Query } from '../../../query/query.svelte';
import { admin } from '../../../session/client';
import { lineageOf, linksOf, type Links } from '../model/lineage';

export interface RoleInfo {
  name: string;
  /** Accounts that have it directly; null for `public` and `user`, which nobody is given. */
  accounts: number | null;
  /** What it inherits directly. */
  parents: readonly string[];
  /** Itself and all it inherits, the nearest first. */
  lineage: readonly string[];
}

export interface RoleBook {
  roles: readonly RoleInfo[];
  links: Links;
}

/** All roles. The list says who inherits whom, however far; the members say which of it is direct. */
export function roleBook(): Query<RoleBook> {
  return query(
    () => 'roles',
    async () => {
      const list = await admin.roles.list();
      const inherited = [...new Set(list.flatMap(({ inherits }) => inherits))];
      const all = await Promise.all(inherited.map(async (role) => [role, await admin.roles.members(role)] as const));
      const members: Record<string, Member[]> = Object.fromEntries(all);
      const links = linksOf(members);
      const roles = list.map(({ role, members: count }) => ({
        name: role,
        accounts: role === 'public' || role === 'user' ? null : (members[role]?.filter((member) => member.startsWith('user:')).length ?? count),
        parents: links.get(role) ?? [],
        lineage: lineageOf(role, links),
      }));
      return { roles, links };
    },
  );
}
