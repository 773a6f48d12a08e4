/** The roles of an account, asked of the server. */
import { query, type Query } from '../../query/query.svelte';
import { admin } from '../../session/client';
import { everybodys, heldRoles, type HeldRole } from './held';

/** What the account has, and which of it is its own; the members of each role tell. */
export function rolesOf(user: () => { id: string; roles: string[] } | undefined): Query<HeldRole[]> {
  return query(
    () => {
      const asked = user();
      return asked ? `roles/of/${asked.id}/${asked.roles.join(',')}` : null;
    },
    async () => {
      const { id, roles } = user() ?? { id: '', roles: [] };
      const given = roles.filter((role) => !everybodys.includes(role));
      const members = await Promise.all(given.map(async (role) => [role, await admin.roles.members(role)] as const));
      return heldRoles(id, roles, Object.fromEntries(members));
    },
  );
}
