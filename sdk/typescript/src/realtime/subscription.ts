/**
 * One subscription as a state machine without I/O. It owns the promise of the protocol on this side: the
 * cursor moves with each applied change and never otherwise skips one, so resuming `since` it neither
 * loses nor repeats. Each opening has a new wire id, and frames of an earlier one are not for us.
 */
import { detached } from '../detached.js';
import { PlinthError, type Problem } from '../error.js';
import { type LooseOptions, type Matching, type Shape, parameters } from '../query.js';
import type { Names, NoExpand, SchemaShape } from '../schema.js';

/** How a subscription stands; `denied` is final until another account signs in. */
export type Status = 'connecting' | 'live' | 'offline' | 'denied';

/** A record that came or changed, or an id that went: deleted, moved out of the filter, or out of sight. */
export type Change<R> = { id: string; cursor: string; at: string } & ({ type: 'create' | 'update'; record: R } | { type: 'delete'; record?: undefined });

/** What a subscriber wants to hear; all are called in order, one at a time. */
export interface Handlers<R> {
  event?: (change: Change<R>) => void;
  /** Changes may be missing before this point: read again. The new stream stands already, so nothing falls between. */
  resync?: () => void;
  /** Asks for a snapshot first, and again in place of `resync`. */
  snapshot?: (records: R[]) => void;
  /** `error` says why it was denied. */
  status?: (status: Status, error?: PlinthError) => void;
}

/** The options of `subscribe`. */
export interface SubscribeOptions<S extends SchemaShape, C extends Names<S>, F extends string = never, E = NoExpand> extends Matching<S, C>, Shape<S, C, F, E> {
  /** The cursor of the last change that was dealt with, as in an earlier run of the program. */
  since?: string;
  signal?: AbortSignal;
}

/** A frame of the server about one subscription. */
export type SubscriptionFrame = { sub: string } & (
  | { op: 'subscribed'; cursor: string }
  | { op: 'snapshot'; items: never[]; last?: boolean }
  | ({ op: 'change' } & Change<never>)
  | { op: 'live'; cursor: string }
  | { op: 'reset'; reason: string }
  | { op: 'error'; problem: Problem }
);

/** What a frame that ended the subscription asks of the connection: when to open it again. */
export type Outcome = 'again' | 'later' | 'never' | undefined;

/** A subscription between the connection and the handlers. */
export interface Subscription {
  /** The frame that opens it under a new wire id. */
  open(sub: string): object;
  receive(frame: SubscriptionFrame): Outcome;
  status(status: Status, error?: PlinthError): void;
  /** Another account is signed in: what was seen so far says nothing about what it may see. */
  forget(): void;
}

/** Starts at `since`, at a snapshot when `handlers.snapshot` is there, or else at now. */
export function createSubscription(collection: string, options: LooseOptions & { since?: string | undefined }, handlers: Handlers<never>): Subscription {
  const query = parameters(options);
  const call = <K extends keyof Handlers<never>>(name: K, ...values: Parameters<NonNullable<Handlers<never>[K]>>): void =>
    void detached(() => (handlers[name] as ((...values: unknown[]) => unknown) | undefined)?.(...values));
  let cursor = options.since;
  let stale = false;
  let items: never[] = [];
  let current: Status | undefined;

  const status: Subscription['status'] = (next, error) => {
    if (next === current) return;
    current = next;
    call('status', next, error);
  };
  const startAnew = (): 'again' => {
    stale ||= !!cursor;
    cursor = undefined;
    return 'again';
  };

  const receive = (frame: SubscriptionFrame): Outcome => {
    switch (frame.op) {
      case 'subscribed':
        // With a snapshot the position counts from its last part on: half a snapshot can't be resumed.
        items = [];
        start = frame.cursor;
        if (cursor || handlers.snapshot) break;
        cursor = start;
        if (stale) call('resync');
        stale = false;
        break;
      case 'snapshot':
        items = items.concat(frame.items);
        if (!frame.last) break;
        cursor = start;
        call('snapshot', items);
        items = [];
        break;
      case 'change': {
        const { op, sub, ...change } = frame;
        cursor = frame.cursor;
        call('event', change);
        break;
      }
      case 'live':
        cursor = frame.cursor;
        status('live');
        break;
      case 'reset':
        return startAnew();
      case 'error': {
        const error = new PlinthError(frame.problem);
        if (error.status === 429 || error.status >= 500) return 'later';
        // The server does not know the place any more, as after its data was put back from a copy.
        if (cursor && error.code === 'invalid_cursor') return startAnew();
        status('denied', error);
        return 'never';
      }
    }
    return undefined;
  };
  let start: string | undefined;

  return {
    open: (sub) => {
      status('connecting');
      const { sort, limit, ...what } = query;
      const from = cursor ? { since: cursor } : handlers.snapshot && { snapshot: true, sort, limit };
      return { op: 'subscribe', sub, collection, ...what, ...from };
    },
    receive,
    status,
    forget: () => {
      // Before it stood, `since` is the word of the app and not of another account's stream.
      if (start) startAnew();
    },
  };
}
