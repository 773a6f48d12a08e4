import { type Auth, createAuth } from './auth.js';
import { type Batch, type Operation, type Results, runBatch } from './batch.js';
import { type Collection, type OnceOptions, createCollection } from './collection.js';
import { type Request, createRequest } from './http.js';
import { type SocketConstructor, createRealtime } from './realtime/connection.js';
import type { AnySchema, Names, SchemaShape } from './schema.js';
import { type SessionStore, memoryStore } from './session.js';

/** How a client differs from the usual one. */
export interface ClientOptions {
  /** Where the session lives. Default: this page's memory. */
  store?: SessionStore;
  /** `cookie`: the refresh token stays in an HttpOnly cookie, out of reach of scripts. Default: `token`. */
  session?: 'cookie' | 'token';
  /** In place of the global `fetch`. */
  fetch?: typeof fetch;
  /** In place of the global `WebSocket`, which Node has from 22 on. */
  WebSocket?: SocketConstructor;
}

/** A connection to one Plinth server, as one account or none. */
export interface Client<S extends SchemaShape = AnySchema> {
  readonly auth: Auth<S>;
  collection<C extends Names<S>>(name: C): Collection<S, C>;
  /** Up to 500 writes in one transaction; results one for one. */
  batch<const T extends readonly Operation<unknown>[]>(list: (batch: Batch<S>) => T, options?: OnceOptions): Promise<Results<T>>;
  /** Any other route below `/api/v1`, with the same token, retries and errors. */
  readonly request: Request;
  /** Ends all subscriptions and closes the socket. */
  close(): void;
}

/** A client of the server at `url`; nothing is sent before the first call. */
export function createClient<S extends SchemaShape = AnySchema>(url: string, options: ClientOptions = {}): Client<S> {
  const base = url.replace(/\/?$/, '/api/v1');
  const cookies = options.session === 'cookie';
  // Looked up at each call, so that a page may replace it after the client was made.
  const fetcher: typeof fetch = options.fetch ?? ((...call) => fetch(...call));
  const { auth, core, request } = createAuth<S>(base, options.store ?? memoryStore(), cookies, (tokens) => createRequest(base, fetcher, tokens, cookies));
  const realtime = createRealtime(base, options.WebSocket ?? (globalThis as { WebSocket?: SocketConstructor }).WebSocket, core);
  return {
    auth,
    collection: (name) => createCollection(name, request, realtime),
    batch: (list, settings) => runBatch(request, list, settings),
    request,
    close: realtime.close,
  };
}
