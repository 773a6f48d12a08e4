import { onAbort } from '../abort.js';
import type { PlinthError } from '../error.js';
import { MOST_WAITING } from '../limits.js';
import type { LooseOptions } from '../query.js';
import type { Subscribe } from './connection.js';
import type { Change, Handlers } from './subscription.js';

/** Changes may be missing before this point: read again. */
export interface Resync {
  type: 'resync';
}

/** Changes as a stream: `for await (const change of feed)`. Leaving the loop ends it, as does the signal. */
export type Feed<R> = AsyncIterable<Change<R> | Resync>;

/** The callbacks of a subscription as a stream; a refusal is thrown into the loop. */
export function events(subscribe: Subscribe, collection: string, options: LooseOptions & { since?: string; signal?: AbortSignal }): Feed<never> {
  return {
    async *[Symbol.asyncIterator]() {
      const waiting: (Change<never> | Resync)[] = [];
      let since = options.since;
      let failure: PlinthError | undefined;
      let off: (() => void) | undefined;
      let wake = (): void => undefined;

      const stop = (): void => {
        off?.();
        off = undefined;
      };
      const push = (item: Change<never> | Resync): void => {
        waiting.push(item);
        if (waiting.length >= MOST_WAITING && since) stop();
        wake();
      };
      const handlers: Handlers<never> = {
        event: (change) => {
          since = change.cursor;
          push(change);
        },
        resync: () => push({ type: 'resync' }),
        status: (_, error) => {
          failure = error;
          wake();
        },
      };
      const release = onAbort(options.signal, () => wake());
      try {
        while (!options.signal?.aborted) {
          if (!waiting.length) off ??= subscribe(collection, { ...options, since }, handlers);
          const next = waiting.shift();
          if (next) yield next;
          else if (failure) throw failure;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        release();
        stop();
      }
    },
  };
}
