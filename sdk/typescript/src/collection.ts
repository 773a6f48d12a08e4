import { type Answer, type Request, type RequestOptions, path } from './http.js';
import { type Live, type LiveOptions, live } from './live.js';
import { type IterateOptions, type ListOptions, type LooseOptions, type Page, type Shape, listCall, parameters, urlQuery } from './query.js';
import type { Realtime } from './realtime/connection.js';
import { type Feed, events } from './realtime/events.js';
import type { Handlers, SubscribeOptions } from './realtime/subscription.js';
import { type Versioned, versioned } from './record.js';
import type { Expand, Field, Names, NoExpand, Patch, RecordOf, Row, SchemaShape } from './schema.js';

/** What every write may carry. */
export interface WriteOptions {
  signal?: AbortSignal;
}

/** Options of writes to a record that exists. */
export interface ChangeOptions extends WriteOptions {
  /** `record[etag]`: refuse with 412 (`isConflict`) when somebody has changed the record since. */
  ifMatch?: string;
}

/** Options of `create` and `batch`. */
export interface OnceOptions extends WriteOptions {
  /** Makes it safe to send again: for 24 hours the same key gives the first answer. Turns retries on. */
  idempotencyKey?: string;
}

/** The options of `get`. */
export interface GetOptions<S extends SchemaShape, C extends Names<S>, F extends string = never, E = NoExpand> extends Shape<S, C, F, E> {
  signal?: AbortSignal;
}

/** The records of one collection. */
export interface Collection<S extends SchemaShape, C extends Names<S>> {
  /** One page. */
  list<const F extends Field<S, C> = never, const E extends Expand<S, C> = NoExpand>(options?: ListOptions<S, C, F, E>): Promise<Page<Row<S, C, F, E>>>;
  /** All records that match, page after page. */
  iterate<const F extends Field<S, C> = never, const E extends Expand<S, C> = NoExpand>(options?: IterateOptions<S, C, F, E>): AsyncGenerator<Row<S, C, F, E>, void, undefined>;
  get<const F extends Field<S, C> = never, const E extends Expand<S, C> = NoExpand>(id: string, options?: GetOptions<S, C, F, E>): Promise<Versioned<Row<S, C, F, E>>>;
  /** All or none. */
  create(data: readonly S[C]['create'][], options?: OnceOptions): Promise<RecordOf<S, C>[]>;
  create(data: S[C]['create'], options?: OnceOptions): Promise<Versioned<RecordOf<S, C>>>;
  /** A merge patch: what is not named stays, `null` unsets, `{$inc}`, `{$add}` and `{$remove}` change in place. */
  update(id: string, patch: Patch<S[C]['update']>, options?: ChangeOptions): Promise<Versioned<RecordOf<S, C>>>;
  /** Creates the record under this id or replaces it whole. */
  replace(id: string, data: S[C]['create'], options?: ChangeOptions): Promise<Versioned<RecordOf<S, C>>>;
  delete(id: string, options?: ChangeOptions): Promise<void>;
  /** Every change from now on (or `since` a cursor), each once and in order, across lost connections. */
  subscribe<const F extends Field<S, C> = never, const E extends Expand<S, C> = NoExpand>(options: SubscribeOptions<S, C, F, E>, handlers: Handlers<Row<S, C, F, E>>): () => void;
  subscribe<const F extends Field<S, C> = never, const E extends Expand<S, C> = NoExpand>(options?: SubscribeOptions<S, C, F, E>): Feed<Row<S, C, F, E>>;
  /** A list that stays true: a snapshot and the changes after it, sorted as the server sorts. */
  live<const F extends Field<S, C> = never, const E extends Expand<S, C> = NoExpand>(options?: LiveOptions<S, C, F, E>): Live<Row<S, C, F, E>>;
}

/** Ties the routes of one collection to its name. The types are checked where it is used. */
export function createCollection<S extends SchemaShape, C extends Names<S>>(name: C, request: Request, realtime: Realtime): Collection<S, C> {
  const all = path`/records/${name}`;
  const one = (id: string): string => path`/records/${name}/${id}`;
  const tagged = async (answer: Promise<Answer<object>>): Promise<never> => {
    const { body, etag } = await answer;
    return versioned(body, etag) as never;
  };
  const list = async (options: LooseOptions & WriteOptions = {}): Promise<Page<never>> => {
    const [method, route, call] = listCall(all, parameters(options));
    return (await request<Page<never>>(method, route, { ...call, signal: options.signal })).body;
  };

  return {
    list,
    async *iterate(options: LooseOptions & WriteOptions = {}) {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await list(cursor ? { ...options, cursor } : options);
        yield* page.items;
        cursor = page.nextCursor;
      }
    },
    get: (id: string, options: LooseOptions & WriteOptions = {}) => tagged(request('GET', one(id) + urlQuery(parameters(options)), { signal: options.signal })),
    create: (async (data: object, options?: OnceOptions) => {
      const answer = request<{ items: object[] }>('POST', all, writing(data, options));
      return Array.isArray(data) ? (await answer).body.items : tagged(answer);
    }) as Collection<S, C>['create'],
    update: (id, patch, options) => tagged(request('PATCH', one(id), writing(patch, options))),
    replace: (id, data, options) => tagged(request('PUT', one(id), writing(data, options))),
    delete: async (id, options) => {
      await request('DELETE', one(id), writing(undefined, options));
    },
    subscribe: ((options: LooseOptions = {}, handlers?: Handlers<never>) =>
      handlers ? realtime(name, options, handlers) : events(realtime, name, options)) as Collection<S, C>['subscribe'],
    live: (options) => live(realtime, name, options ?? {}) as never,
  };
}

/** The call of a write with its conditions. */
export function writing(body: unknown, { idempotencyKey, ifMatch, signal }: OnceOptions & ChangeOptions = {}): RequestOptions {
  return { body, signal, headers: { 'if-match': ifMatch, 'idempotency-key': idempotencyKey } };
}
