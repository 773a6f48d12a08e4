/** A signed-in account as a store keeps it. */
export interface Session {
  accessToken: string;
  /** Absent with `session: 'cookie'`: there the browser keeps it out of reach of scripts. */
  refreshToken?: string;
  /** Milliseconds since 1970 from which the access token is to be renewed. */
  renewAt: number;
  user: { id: string; [field: string]: unknown };
}

/** Where a session lives between requests. `subscribe` reports changes made elsewhere, as by another tab. */
export interface SessionStore {
  get(): Session | null;
  set(session: Session | null): void;
  subscribe?(changed: () => void): () => void;
}

/** Keeps the session in this page only: nothing to steal, gone on reload. The default. */
export function memoryStore(): SessionStore {
  let held: Session | null = null;
  return {
    get: () => held,
    set: (session) => {
      held = session;
    },
  };
}

/**
 * Keeps the session in `localStorage`, shared by all tabs. Any script of the page can read it: prefer
 * `session: 'cookie'` where the app and the server share a site.
 */
export function localStore(key = 'plinth'): SessionStore {
  return {
    get: () => parse(localStorage.getItem(key)),
    set: (session) => localStorage.setItem(key, JSON.stringify(session)),
    subscribe: (changed) => {
      const listen = (event: StorageEvent): void => {
        if (event.key === key || event.key === null) changed();
      };
      const gone = new AbortController();
      addEventListener('storage', listen, gone);
      return () => gone.abort();
    },
  };
}

/** What somebody else wrote under our key is no session, and no reason to fail for ever. */
function parse(text: string | null): Session | null {
  try {
    const value = JSON.parse(String(text)) as Session | null;
    return value?.accessToken ? value : null;
  } catch {
    return null;
  }
}
