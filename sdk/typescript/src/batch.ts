import { type OnceOptions, writing } from './collection.js';
import type { Request } from './http.js';
import { type Versioned, versioned } from './record.js';
import type { Names, Patch, RecordOf, SchemaShape } from './schema.js';

declare const result: unique symbol;

/** One write of a batch; `R` is what it will have brought. */
export interface Operation<R> {
  readonly method: 'create' | 'update' | 'replace' | 'delete';
  readonly collection: string;
  readonly id?: string;
  readonly data?: unknown;
  readonly ifMatch?: string;
  /** Only a type: nothing is stored under it. */
  readonly [result]?: R;
}

/** Describes the writes of one collection; nothing is sent before the batch is whole. */
export interface BatchCollection<S extends SchemaShape, C extends Names<S>> {
  create(data: S[C]['create']): Operation<Versioned<RecordOf<S, C>>>;
  update(id: string, data: Patch<S[C]['update']>, options?: { ifMatch?: string }): Operation<Versioned<RecordOf<S, C>>>;
  replace(id: string, data: S[C]['create'], options?: { ifMatch?: string }): Operation<Versioned<RecordOf<S, C>>>;
  delete(id: string, options?: { ifMatch?: string }): Operation<null>;
}

/** What `db.batch` hands to the function that lists the writes. */
export interface Batch<S extends SchemaShape> {
  collection<C extends Names<S>>(name: C): BatchCollection<S, C>;
}

/** The results of a list of operations, one for one. */
export type Results<T extends readonly Operation<unknown>[]> = { -readonly [K in keyof T]: T[K] extends Operation<infer R> ? R : never };

/** Sends all writes as one transaction; `errors` of a refusal point into the list, as in `/3/data/title`. */
export async function runBatch<S extends SchemaShape, const T extends readonly Operation<unknown>[]>(
  request: Request,
  list: (batch: Batch<S>) => T,
  options?: OnceOptions,
): Promise<Results<T>> {
  const operations = list({ collection: operationsOf });
  const { body } = await request<{ results: { record?: object; etag?: string }[] }>('POST', '/batch', writing(operations, options));
  return body.results.map(({ record, etag }) => (record ? versioned(record, etag ?? '') : null)) as Results<T>;
}

function operationsOf<S extends SchemaShape, C extends Names<S>>(collection: C): BatchCollection<S, C> {
  return {
    create: (data) => ({ method: 'create', collection, data }),
    update: (id, data, options) => ({ method: 'update', collection, id, data, ...options }),
    replace: (id, data, options) => ({ method: 'replace', collection, id, data, ...options }),
    delete: (id, options) => ({ method: 'delete', collection, id, ...options }),
  };
}
