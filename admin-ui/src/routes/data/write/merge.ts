/** Three versions of a record: the one an edit started from, the edit, and what is stored now. */
import { same, type Row } from '../live/rows';

/** Values by field. */
export type Changes = Record<string, unknown>;

/** A field that both sides changed. */
export interface Conflict {
  field: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

export interface Merge {
  /** What is left to write on top of what is stored. */
  changes: Changes;
  conflicts: Conflict[];
}

/** Fields that only one side changed merge by themselves; where both wrote the same there is nothing left to write. */
export function threeWay(base: Row, mine: Changes, theirs: Row): Merge {
  const changes: Changes = {};
  const conflicts: Conflict[] = [];
  for (const [field, value] of Object.entries(mine)) {
    if (same(theirs[field], value)) continue;
    if (same(theirs[field], base[field])) changes[field] = value;
    else conflicts.push({ field, base: base[field], mine: value, theirs: theirs[field] });
  }
  return { changes, conflicts };
}

/** Which of the three a person took. */
export type Side = 'mine' | 'theirs' | 'base';

/** The changes that a choice per conflict leaves; taking theirs leaves none. */
export function resolved(merge: Merge, sides: Record<string, Side>): Changes {
  const changes = { ...merge.changes };
  for (const conflict of merge.conflicts) {
    const side = sides[conflict.field] ?? 'mine';
    if (side !== 'theirs') changes[conflict.field] = conflict[side];
  }
  return changes;
}
