import type { Account, DeviceSession } from '../auth.js';
import { type Request, path } from '../http.js';

/** An account as an administrator sees it, with the app's own fields. */
export interface ManagedUser extends Account {
  disabled: boolean;
  lastSeenAt: string | null;
  [field: string]: unknown;
}

/** What an administrator may set of an account, besides the app's own fields. */
export interface UserChange {
  email?: string;
  verified?: boolean;
  disabled?: boolean;
  password?: string;
  [field: string]: unknown;
}

/** A page of accounts. */
export interface UserPage {
  items: ManagedUser[];
  nextCursor: string | null;
}

/** Accounts and their sessions. */
export interface Users {
  list(options?: { limit?: number; cursor?: string; search?: string; signal?: AbortSignal }): Promise<UserPage>;
  get(id: string): Promise<ManagedUser>;
  create(user: { email: string; password: string; verified?: boolean; roles?: string[]; [field: string]: unknown }): Promise<ManagedUser>;
  update(id: string, change: UserChange): Promise<ManagedUser>;
  delete(id: string): Promise<void>;
  sessions(id: string): Promise<DeviceSession[]>;
  revokeSession(id: string, session: string): Promise<void>;
  revokeSessions(id: string): Promise<void>;
}

/** The routes of `/users`. */
export function users(request: Request): Users {
  const one = (id: string): string => path`/users/${id}`;
  const remove = async (route: string): Promise<void> => {
    await request('DELETE', route);
  };
  return {
    list: async ({ signal, ...query } = {}) => (await request<UserPage>('GET', '/users', { query, signal })).body,
    get: async (id) => (await request<ManagedUser>('GET', one(id))).body,
    create: async (body) => (await request<ManagedUser>('POST', '/users', { body })).body,
    update: async (id, body) => (await request<ManagedUser>('PATCH', one(id), { body })).body,
    delete: (id) => remove(one(id)),
    sessions: async (id) => (await request<{ items: DeviceSession[] }>('GET', path`/users/${id}/sessions`)).body.items,
    revokeSession: (id, session) => remove(path`/users/${id}/sessions/${session}`),
    revokeSessions: (id) => remove(path`/users/${id}/sessions`),
  };
}
