/**
 * Server state: one entry per key, shared by all who ask, refetched when it is invalidated or old and the
 * window comes back. Small on purpose: the panel needs no mutations machinery, since every write names what it changed.
 */

import { untrack } from 'svelte';

const OLD_MS = 30_000;

class Entry {
  data = $state.raw<unknown>();
  error = $state.raw<unknown>();
  loading = $state(false);
  /** When the data came; 0 for stale. */
  at = 0;
  users = 0;
  #run = 0;
  load: () => Promise<unknown> = () => Promise.resolve(undefined);

  async fetch(): Promise<void> {
    const run = ++this.#run;
    this.loading = true;
    try {
      const data = await this.load();
      if (run !== this.#run) return;
      this.data = data;
      this.error = undefined;
      this.at = Date.now();
    } catch (error) {
      if (run !== this.#run) return;
      this.error = error;
      this.at = 0;
    } finally {
      if (run === this.#run) this.loading = false;
    }
  }

  /** Replaces the data without asking, as after a write whose answer is known; outruns a fetch under way. */
  put(data: unknown): void {
    this.#run++;
    this.loading = false;
    this.error = undefined;
    this.data = data;
    this.at = Date.now();
  }
}

// Plain on purpose: components follow the entries they hold, never the map.
// eslint-disable-next-line svelte/prefer-svelte-reactivity
const entries = new Map<string, Entry>();

/** What a screen sees of an entry. */
export interface Query<T> {
  readonly data: T | undefined;
  readonly error: unknown;
  /** The first load, with nothing to show yet. */
  readonly pending: boolean;
  readonly loading: boolean;
  refetch(): Promise<void>;
}

/**
 * Asks for `key()` while the component lives; a null key asks nothing. To be called while a component
 * is set up. Keys are paths: `collections`, `collection/messages`, `policies`.
 */
export function query<T>(key: () => string | null, load: () => Promise<T>): Query<T> {
  let entry = $state.raw<Entry>();

  $effect.pre(() => {
    const name = key();
    if (name === null) {
      entry = undefined;
      return;
    }
    const current = entries.get(name) ?? new Entry();
    entries.set(name, current);
    current.load = load;
    current.users++;
    entry = current;
    untrack(() => {
      if (Date.now() - current.at > OLD_MS && !current.loading) void current.fetch();
    });
    return () => {
      current.users--;
    };
  });

  return {
    get data() {
      return entry?.data as T | undefined;
    },
    get error() {
      return entry?.error;
    },
    get pending() {
      return entry !== undefined && entry.data === undefined && entry.error === undefined;
    },
    get loading() {
      return entry?.loading ?? false;
    },
    refetch: async () => entry?.fetch(),
  };
}

/** Marks `key` and everything below it (`collection` and `collection/messages`) as stale; what is shown is asked anew. */
export async function invalidate(key: string): Promise<void> {
  const hit = [...entries].filter(([name]) => name === key || name.startsWith(`${key}/`));
  await Promise.all(
    hit.map(([name, entry]) => {
      entry.at = 0;
      if (entry.users > 0) return entry.fetch();
      entries.delete(name);
      return undefined;
    }),
  );
}

/** Puts an answer that a write brought under its key. */
export function put(key: string, data: unknown): void {
  entries.get(key)?.put(data);
}

/** Changes what is known under `key` and below it without asking, as when news of it came another way. */
export function amend<T>(key: string, change: (data: T) => T): void {
  for (const [name, entry] of entries) {
    if ((name === key || name.startsWith(`${key}/`)) && entry.data !== undefined) entry.put(change(entry.data as T));
  }
}

/** Forgets everything, as when the account changes. */
export function clear(): void {
  entries.clear();
}

/** Refetches what is shown and old; for the window's `focus`. */
export function refreshOld(): void {
  for (const entry of entries.values()) {
    if (entry.users > 0 && Date.now() - entry.at > OLD_MS && !entry.loading) void entry.fetch();
  }
}
