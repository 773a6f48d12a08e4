/** Row counts over the public list route: one row asked for, the total wanted. */
import { client } from '../session/client';

/** The exact count of one collection. */
export async function countOf(name: string): Promise<number | undefined> {
  const { total } = await client.collection(name).list({ limit: 1, select: ['id'], count: 'exact' });
  return total;
}

/** Exact counts by name. A collection that went away in between is left out; where none was counted, it says why. */
export async function count(names: string[]): Promise<Record<string, number>> {
  const counts = await Promise.allSettled(names.map(countOf));
  const known = counts.flatMap((outcome, index): [string, number][] => {
    const name = names[index];
    return outcome.status === 'fulfilled' && name !== undefined && outcome.value !== undefined ? [[name, outcome.value]] : [];
  });
  const refused = counts.find((outcome) => outcome.status === 'rejected');
  if (known.length === 0 && refused) throw refused.reason;
  return Object.fromEntries(known);
}
