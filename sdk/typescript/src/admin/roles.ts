import { type Request, path } from '../http.js';

/** A role, how many hold it directly, and the roles it inherits. */
export interface RoleSummary {
  /** Without the prefix: `editor`. */
  role: string;
  members: number;
  inherits: string[];
}

/** Who has a role: an account, or all who have another role. */
export type Member = `user:${string}` | `role:${string}`;

/** Roles; one exists as long as it has a member or a rule. */
export interface Roles {
  list(): Promise<RoleSummary[]>;
  members(role: string): Promise<Member[]>;
  add(role: string, member: Member): Promise<void>;
  remove(role: string, member: Member): Promise<void>;
}

/** The routes of `/roles`. */
export function roles(request: Request): Roles {
  const change = async (method: string, role: string, member: string): Promise<void> => {
    await request(method, path`/roles/${role}/members/${member}`);
  };
  return {
    list: async () => (await request<{ items: RoleSummary[] }>('GET', '/roles')).body.items,
    members: async (role) => (await request<{ items: Member[] }>('GET', path`/roles/${role}/members`)).body.items,
    add: (role, member) => change('PUT', role, member),
    remove: (role, member) => change('DELETE', role, member),
  };
}
