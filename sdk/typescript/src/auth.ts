import { detached } from './detached.js';
import type { PlinthError } from './error.js';
import { type Answer, type Request, type Tokens, path } from './http.js';
import { MARGIN_SECONDS } from './limits.js';
import type { Session, SessionStore } from './session.js';
import type { SchemaShape } from './schema.js';

/** The signed-in account: what every account has, and the app's own fields of `users`. */
export type User<S extends SchemaShape> = Account & (string extends keyof S ? { [field: string]: unknown } : S extends { users: { record: infer R } } ? Omit<R, keyof Account> : unknown);

/** What every account has. */
export interface Account {
  id: string;
  email: string;
  verified: boolean;
  roles: string[];
  createdAt: string;
  updatedAt: string;
}

/** The account's own fields that it may set itself. */
type Own<S extends SchemaShape> = string extends keyof S ? { [field: string]: unknown } : S extends { users: { update: infer U } } ? Omit<U, keyof Account> : unknown;

/** A device or browser that is signed in. */
export interface DeviceSession {
  id: string;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  address: string;
  userAgent: string;
  current: boolean;
}

/** Signing in and out; tokens are renewed before they expire, once for all who wait. */
export interface Auth<S extends SchemaShape> {
  /** The account as last heard of, without asking the server. */
  readonly user: User<S> | null;
  register(account: { email: string; password: string } & Partial<Own<S>>): Promise<User<S>>;
  login(email: string, password: string): Promise<User<S>>;
  /** Signs in by any route below `/api/v1` that answers as `login` does. */
  signIn(path: string, body: object): Promise<User<S>>;
  /** Forgets the session here even when the server cannot be reached; the failure is thrown then. */
  logout(): Promise<void>;
  /** Takes up the session that the store or the cookie still holds; null when there is none. */
  restore(): Promise<User<S> | null>;
  /** Renews the tokens now; null when the session has ended. */
  refresh(): Promise<User<S> | null>;
  me(): Promise<User<S>>;
  updateMe(fields: Partial<Own<S>>): Promise<User<S>>;
  /** Ends all other sessions of the account. */
  changePassword(change: { currentPassword: string; newPassword: string }): Promise<void>;
  sessions(): Promise<DeviceSession[]>;
  revokeSession(id: string): Promise<void>;
  /** Ends all sessions, this one too. */
  revokeSessions(): Promise<void>;
  /** Runs after every sign-in, sign-out and renewal, also in other tabs that share the store. */
  onChange(listener: (user: User<S> | null) => void): () => void;
}

/** What the rest of the client needs to know of a session. */
export interface AuthCore extends Tokens {
  session(): Session | null;
  /** As `token`, renewed in any case. */
  onSession(listener: () => void): () => void;
}

interface TokenAnswer {
  user: Session['user'];
  accessToken: string;
  refreshToken?: string;
  expiresIn: number;
}

/** Ties tokens, the store and the routes of `/auth` together. */
export function createAuth<S extends SchemaShape>(url: string, store: SessionStore, cookie: boolean, makeRequest: (tokens: Tokens) => Request): { auth: Auth<S>; core: AuthCore; request: Request } {
  const listeners = new Set<() => unknown>();
  let renewal: Promise<void> | undefined;
  let restored = !cookie;

  const user = (): User<S> | null => (store.get()?.user ?? null) as User<S> | null;
  const held = (): string | undefined => store.get()?.accessToken;
  const emit = (): void => listeners.forEach((listener) => void detached(listener));
  const keep = (next: Session | null): void => {
    restored = true;
    store.set(next);
    emit();
  };
  /** Single-flight here, and one tab at a time: a refresh token that is used twice ends its whole family. */
  const renew = (): Promise<void> => {
    const before = held();
    // Holds other tabs off where the browser can; elsewhere there is but this page.
    const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
    const work = (): Promise<void> => exchange(before);
    return (renewal ??= (locks ? locks.request(`plinth:${url}`, work) : work()).finally(() => {
      renewal = undefined;
    }));
  };
  /** Whoever signed in or out meanwhile, here or in another tab, has the last word. */
  const exchange = async (before: string | undefined): Promise<void> => {
    if (held() !== before) {
      emit();
      return;
    }
    const refreshToken = store.get()?.refreshToken;
    let next: Session | null = null;
    if (cookie || refreshToken) {
      try {
        next = session((await request<TokenAnswer>('POST', '/auth/refresh', { body: { refreshToken }, anonymous: true })).body);
      } catch (error) {
        if ((error as PlinthError).status !== 401) throw error;
      }
    }
    if (held() === before) keep(next);
  };

  const core: AuthCore = {
    session: () => store.get(),
    onSession: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    token: async () => {
      if (renewal ?? Date.now() >= (store.get()?.renewAt ?? (restored ? Infinity : 0))) await renew();
      return held();
    },
    renew: async (stale) => {
      if (held() === stale) await renew();
      return !!store.get();
    },
  };
  const request = makeRequest(core);
  store.subscribe?.(emit);

  const signIn = async (route: string, body: object): Promise<User<S>> => {
    const answer = await request<TokenAnswer>('POST', route, { body: { ...body, session: cookie ? 'cookie' : undefined }, anonymous: true });
    keep(session(answer.body));
    return answer.body.user as User<S>;
  };
  const account = async (method: string, fields?: object): Promise<User<S>> => {
    const { body }: Answer<User<S>> = await request(method, '/auth/me', { body: fields });
    const now = store.get();
    if (now?.user.id === body.id) keep({ ...now, user: body as Session['user'] & User<S> });
    return body;
  };

  const none = async (method: string, route: string, body?: object): Promise<void> => {
    await request(method, route, { body });
  };

  const auth: Auth<S> = {
    get user() {
      return user();
    },
    register: (fields) => signIn('/auth/register', fields),
    login: (email, password) => signIn('/auth/login', { email, password }),
    signIn,
    logout: async () => {
      const refreshToken = store.get()?.refreshToken;
      keep(null);
      await request('POST', '/auth/logout', { body: { refreshToken }, anonymous: true });
    },
    restore: async () => {
      await core.token();
      return user();
    },
    refresh: async () => {
      await renew();
      return user();
    },
    me: () => account('GET'),
    updateMe: (fields) => account('PATCH', fields),
    changePassword: (body) => none('PATCH', '/auth/password', body),
    sessions: async () => (await request<{ items: DeviceSession[] }>('GET', '/auth/sessions')).body.items,
    revokeSession: (id) => none('DELETE', path`/auth/sessions/${id}`),
    revokeSessions: async () => {
      await none('DELETE', '/auth/sessions');
      keep(null);
    },
    onChange: (listener) => core.onSession(() => listener(user())),
  };
  return { auth, core, request };
}

function session({ expiresIn, ...rest }: TokenAnswer): Session {
  return { ...rest, renewAt: Date.now() + 1000 * (expiresIn - Math.min(MARGIN_SECONDS, expiresIn / 2)) };
}
