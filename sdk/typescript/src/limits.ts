/**
 * The numbers that this package keeps to. They stand together in a module that imports nothing, because
 * bundlers write a constant of such a module in its place, and leave one beside an import a variable.
 */

/** How often a call is sent that may be sent again. */
export const ATTEMPTS = 3;
/** A longer `Retry-After` than this is the caller's to wait for. */
export const PATIENCE_SECONDS = 30;
/** Servers and proxies refuse longer request lines from 8 KiB on. */
export const LONGEST_URL = 4000;
/** Longer lists in a `where` are bound: a filter's source may have 4 KiB. */
export const LONGEST_LITERAL = 500;

/** Renewal of tokens starts this long before their end; half-way for those that live less than a minute. */
export const MARGIN_SECONDS = 30;

/** Records that a live list knows beyond what is shown, so that a deleted one is followed by the next without asking. */
export const SPARE = 20;
/** A consumer of events this far behind is unsubscribed and resumed when it has caught up: the log waits, not our memory. */
export const MOST_WAITING = 1000;

/** No frame within this time after a ping, or before the first frame, and the socket is taken for dead. */
export const DEADLINE_MS = 10_000;
/** Timers beyond 24 days fire at once. */
export const LONGEST_TIMER_MS = 1e9;
/** The bound of the delay before a socket is opened again, which doubles up to the longest. */
export const FIRST_DELAY_MS = 1000;
/** See `FIRST_DELAY_MS`. */
export const LONGEST_DELAY_MS = 30_000;
/** The socket outlives its last subscription by this, for pages that leave one and enter the next. */
export const LINGER_MS = 1000;
/** The one close code that tells more than to come back and resume. */
export const TOKEN_ENDED = 4401;
