/** The records of one collection as the screen writes and reads them: the SDK's collection, with what was seen as `If-Match`. */
import { etag, PlinthError } from '@plinth/client';
import { client } from '../../../session/client';
import { fromWire, toWire } from '../../../session/exactWire';
import type { Row } from '../live/rows';

/** A record with the version it had. */
export interface Seen {
  record: Row;
  version: string;
}

/** One failing operation of a batch stops all of them; this many fit into one. */
export const BATCH = 500;

/** What writing needs; the tests bring their own. */
export interface Records {
  get(id: string): Promise<Seen>;
  create(data: Record<string, unknown>): Promise<Seen>;
  update(id: string, data: Record<string, unknown>, version?: string): Promise<Seen>;
  replace(id: string, data: Record<string, unknown>, version?: string): Promise<Seen>;
  /** All or none of up to 500. */
  deleteAll(ids: readonly string[]): Promise<void>;
  /** Makes up to 500 records again under their old ids, all or none. */
  restoreAll(records: readonly { id: string; data: Record<string, unknown> }[]): Promise<Row[]>;
}

/** The records of a collection over the SDK; `expand` is brought with each that is read. */
export function recordsOf(name: string, expand: () => Record<string, true | { select: string[] }>): Records {
  const collection = client.collection(name);
  return {
    get: async (id) => seen(await collection.get(id, { expand: expand() })),
    create: async (data) => seen(await collection.create(toWire(data))),
    update: async (id, data, version) => seen(await collection.update(id, toWire(data), match(version))),
    replace: async (id, data, version) => seen(await collection.replace(id, toWire(data), match(version))),
    deleteAll: async (ids) => {
      await client.batch((batch) => ids.map((id) => batch.collection(name).delete(id)));
    },
    restoreAll: async (records) => fromWire(await client.batch((batch) => records.map(({ id, data }) => batch.collection(name).replace(id, toWire(data))))),
  };
}

/** Whether somebody else was faster. */
export function isStale(error: unknown): boolean {
  return error instanceof PlinthError && error.status === 412;
}

/** Whether the record is gone, or out of sight. */
export function isMissing(error: unknown): boolean {
  return error instanceof PlinthError && error.isNotFound;
}

function seen(record: { readonly [etag]: string }): Seen {
  return { record: fromWire(record) as unknown as Row, version: record[etag] };
}

function match(version: string | undefined): { ifMatch?: string } {
  return version ? { ifMatch: version } : {};
}
