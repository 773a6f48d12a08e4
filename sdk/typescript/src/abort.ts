/** Calls back once when the signal is aborted, at once if it already is. Returns what lets go of it. */
export function onAbort(signal: AbortSignal | undefined, then: () => void): () => void {
  if (signal?.aborted) then();
  else signal?.addEventListener('abort', then);
  return () => signal?.removeEventListener('abort', then);
}
