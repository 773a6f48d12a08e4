/** Keeps the row counts true: in rounds while the window is seen, and soon after records came or went. */
import { amend, type Query } from '../query/query.svelte';
import { countOf } from './rows';

/** Counts are taken again after this long, or after so many times what they took. */
const RECOUNT_MS = 15_000;
const TIMES = 100;
/** While a collection is written to, it is counted this often at most. */
const WRITTEN_MS = 2_000;

/** Counts again and again while the window is seen, the seldomer the longer it takes. To be ended. */
export function keepCounted(counts: Query<unknown>): () => void {
  let ended = false;
  let timer: ReturnType<typeof setTimeout>;
  const later = (ms: number) => (timer = setTimeout(() => void again(), ms));
  const again = async () => {
    const started = performance.now();
    if (document.visibilityState === 'visible') await counts.refetch();
    if (!ended) later(Math.max(RECOUNT_MS, TIMES * (performance.now() - started)));
  };
  later(RECOUNT_MS);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

const writtenTo = new Map<string, ReturnType<typeof setTimeout>>();

/** A collection got or lost records: its count follows soon, once for many of them. */
export function recountSoon(name: string): void {
  if (writtenTo.has(name)) return;
  const timer = setTimeout(() => void recount(name), WRITTEN_MS);
  writtenTo.set(name, timer);
}

async function recount(name: string): Promise<void> {
  try {
    const rows = await countOf(name);
    if (rows !== undefined) amend<Record<string, number>>('rows', (known) => ({ ...known, [name]: rows }));
  } catch {
    // What is shown stays until the next round, which counts all of them.
  } finally {
    writtenTo.delete(name);
  }
}
