/** How long to wait after too many tries, from `Retry-After`. */
import { PlinthError } from '@plinth/client';

/** Says the wait in the unit a person would use. */
export function waitWords(error: unknown): string {
  const seconds = error instanceof PlinthError ? error.retryAfter : undefined;
  if (seconds === undefined) return 'Too many tries. Wait a minute, then try again.';
  const wait = seconds < 90 ? `${Math.max(1, Math.ceil(seconds))} s` : `${Math.ceil(seconds / 60)} min`;
  return `Too many tries. Try again in ${wait}.`;
}
