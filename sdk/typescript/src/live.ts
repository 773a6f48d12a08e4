import { onAbort } from './abort.js';
import type { PlinthError } from './error.js';
import { SPARE } from './limits.js';
import { type Compare, type Fields, comparing } from './order.js';
import type { LooseOptions, Matching, Order, Shape } from './query.js';
import type { Subscribe } from './realtime/connection.js';
import type { Change, Handlers, Status } from './realtime/subscription.js';
import type { Names, NoExpand, SchemaShape } from './schema.js';

/** The options of `live`. */
export interface LiveOptions<S extends SchemaShape, C extends Names<S>, F extends string = never, E = NoExpand> extends Matching<S, C>, Shape<S, C, F, E> {
  orderBy?: readonly Order<S, C>[];
  /** How many records to keep: 30 when left out, at most 480. */
  limit?: number;
  signal?: AbortSignal;
}

/** The first records of a query, kept true. Iterating gives the list now and after every change. */
export interface Live<R> extends AsyncIterable<readonly R[]> {
  /** A new array after every change, the same one until then. */
  readonly records: readonly R[];
  readonly status: Status;
  /** Why the status is `denied`. */
  readonly error: PlinthError | undefined;
  /** False until the first snapshot is here. */
  readonly loaded: boolean;
  /** Calls back now and after every change of the records or the status: the form of a Svelte store. */
  subscribe(listener: (records: readonly R[]) => void): () => void;
  close(): void;
}

/** The known part of the server's list: all of it, or all up to and including `edge`. */
interface Known {
  records: Fields[];
  edge: Fields | undefined;
}

/** A snapshot and the changes after it; when deletions use up what is known, a new snapshot is taken. */
export function live(subscribe: Subscribe, collection: string, { orderBy = [], limit = 30, signal, select, ...what }: LooseOptions & { signal?: AbortSignal }): Live<Fields> {
  const order = comparing(orderBy);
  const most = Math.min(limit + SPARE, 500);
  const listeners = new Set<(records: readonly Fields[]) => void>();
  let known: Known | undefined;
  let shown: readonly Fields[] = [];
  let status: Status = 'connecting';
  let error: PlinthError | undefined;
  let closed = false;
  let off: (() => void) | undefined;

  const publish = (): void => listeners.forEach((listener) => listener(shown));

  function start(): void {
    off?.();
    off = closed ? undefined : subscribe(collection, query, handlers);
  }

  function show({ records, edge }: Known): void {
    known = { records: records.slice(0, most), edge: records[most - 1] ?? edge };
    shown = records.slice(0, limit);
    publish();
  }

  function close(): void {
    closed = true;
    start();
    publish();
  }

  // What is ordered by has to be there to order by it.
  const query = { ...what, orderBy, limit: most, ...(select && { select: [...new Set(['id', ...orderBy.map((key) => key.replace('-', '')), ...select])] }) };
  const handlers: Handlers<Fields> = {
    snapshot: (records) => show({ records, edge: undefined }),
    event: (change) => {
      if (!known) return;
      show(apply(known, change, order));
      if (known.edge && known.records.length < limit) start();
    },
    status: (next, why) => {
      // A list that is being fetched anew still shows the last one.
      if (known && next === 'connecting') return;
      status = next;
      error = why;
      publish();
    },
  };
  start();
  onAbort(signal, close);

  return {
    get records() {
      return shown;
    },
    get status() {
      return status;
    },
    get error() {
      return error;
    },
    get loaded() {
      return !!known;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      listener(shown);
      return () => listeners.delete(listener);
    },
    close,
    async *[Symbol.asyncIterator]() {
      let wake = (): void => undefined;
      let seen: readonly Fields[] | undefined;
      const listener = (): void => wake();
      listeners.add(listener);
      try {
        while (!closed) {
          if (error) throw error;
          if (known && seen !== shown) yield (seen = shown);
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        listeners.delete(listener);
      }
    },
  };
}

/** The known part after a change: what would stand behind the edge is not known to stand next to it. */
function apply({ records, edge }: Known, change: Change<Fields>, order: Compare): Known {
  const rest = records.filter(({ id }) => id !== change.id);
  const { record } = change;
  if (record && (!edge || order(record, edge) <= 0)) {
    const place = rest.findIndex((other) => order(record, other) < 0);
    rest.splice(place < 0 ? rest.length : place, 0, record);
  }
  return { records: rest, edge };
}
