/**
 * Saves an edit against the version it started from. When somebody else was faster, the record is read again and what
 * only one side changed is merged by itself; only a field that both changed is handed back for a choice.
 */
import type { Row } from '../live/rows';
import { bodyFor } from './body';
import { threeWay, type Changes, type Merge } from './merge';
import { isStale, type Records, type Seen } from './records';

type Saved = { outcome: 'saved'; seen: Seen } | { outcome: 'conflict'; merge: Merge; theirs: Seen };

/** Another writer this fast is not met by trying faster. */
const ATTEMPTS = 4;

/** Writes `changes` on top of `base`; `own` names the fields that a client may write. */
export async function save(records: Records, base: Seen, changes: Changes, own: readonly string[]): Promise<Saved> {
  let seen = base;
  let left = changes;
  for (let attempt = 1; ; attempt++) {
    if (Object.keys(left).length === 0) return { outcome: 'saved', seen };
    try {
      const { method, data } = bodyFor(seen.record, left, own);
      return { outcome: 'saved', seen: await records[method](seen.record.id, data, seen.version) };
    } catch (error) {
      if (!isStale(error) || attempt === ATTEMPTS) throw error;
    }
    const theirs = await records.get(seen.record.id);
    const merge = threeWay(base.record, changes, theirs.record);
    if (merge.conflicts.length > 0) return { outcome: 'conflict', merge, theirs };
    seen = theirs;
    left = merge.changes;
  }
}

/** Writes the old values back, unless somebody changed them since: then `conflict` says what. */
export function takeBack(records: Records, before: Row, after: Seen, changes: Changes, own: readonly string[]): Promise<Saved> {
  const back = Object.fromEntries(Object.keys(changes).map((field) => [field, before[field] ?? null]));
  return save(records, after, back, own);
}
