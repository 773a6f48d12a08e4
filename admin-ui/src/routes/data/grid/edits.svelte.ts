/**
 * Edits of cells. Each lives from the first key until the server has taken it or the person gave it up, so a refused
 * value is never lost: its cell stays marked, with what was typed, while other cells are edited.
 */
import { messageAt, problemOf } from '../../../session/problem';
import type { Column } from '../columns';
import { same, type Row } from '../live/rows';
import { complaint } from '../values/check';
import { rawOf, valueOf, type Raw } from '../values/raw';
import { resolved, threeWay, type Changes, type Merge, type Side } from '../write/merge';
import type { Records, Seen } from '../write/records';
import { save } from '../write/save';

export class CellEdit {
  raw = $state.raw<Raw>(null);
  phase = $state<'open' | 'saving' | 'refused' | 'conflict'>('open');
  /** Has the keyboard. */
  open = $state(true);
  error = $state<string | null>(null);
  merge = $state.raw<Merge | null>(null);
  /** The version it started from; on a conflict, the stored one. */
  seen: Promise<Seen>;

  constructor(
    /** As it was shown when the edit began. */
    readonly record: Row,
    readonly column: Column,
    seen: Promise<Seen>,
  ) {
    this.raw = rawOf(column, record[column.name]);
    this.seen = seen;
    // Looked at when it is saved; until then a failure is nobody's.
    seen.catch(() => undefined);
  }

  get key(): string {
    return keyOf(this.record.id, this.column.name);
  }
}

/** What a saved edit did, for the history. */
export interface Done {
  before: Row;
  after: Seen;
  changes: Changes;
}

interface Ports {
  records: Records;
  /** The fields that a client may write. */
  own: () => readonly string[];
  /** Before the request, so that its change does not flash. */
  expect: (id: string) => void;
  done: (done: Done) => void;
  /** Follows a write to its end, so that Undo waits for it. */
  during: <T>(write: Promise<T>) => Promise<T>;
}

export class CellEdits {
  /** By `id column`. */
  all = $state.raw<Readonly<Record<string, CellEdit>>>({});
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** The one that has the keyboard. */
  get open(): CellEdit | undefined {
    return Object.values(this.all).find((edit) => edit.open);
  }

  /** Those that the server did not take. */
  get unsaved(): CellEdit[] {
    return Object.values(this.all).filter(({ phase }) => phase === 'refused' || phase === 'conflict');
  }

  /** All edits, by record and column. */
  readonly byRecord: Readonly<Record<string, Record<string, CellEdit>>> = $derived.by(() => {
    const rows: Record<string, Record<string, CellEdit>> = {};
    for (const edit of Object.values(this.all)) (rows[edit.record.id] ??= {})[edit.column.name] = edit;
    return rows;
  });

  at(id: string, column: string): CellEdit | undefined {
    return this.all[keyOf(id, column)];
  }

  /** Opens the editor of a cell, or the one that still waits there. */
  begin(record: Row, column: Column): void {
    const waiting = this.at(record.id, column.name);
    if (waiting) {
      waiting.open = waiting.phase !== 'saving';
      return;
    }
    const edit = new CellEdit(record, column, this.#ports.records.get(record.id));
    this.#set(edit.key, edit);
  }

  /** Gives the edit up. */
  cancel(edit: CellEdit): void {
    edit.open = false;
    this.#set(edit.key, null);
  }

  /** Saves what the editor holds and closes it at once; what cannot be right keeps it open. */
  commit(edit: CellEdit): void {
    if (edit.phase === 'saving') return;
    if (edit.phase === 'conflict') {
      edit.open = false;
      return;
    }
    const { column, record } = edit;
    const outcome = valueOf(column, edit.raw);
    if (outcome.error !== undefined) return refuse(edit, outcome.error);
    const wrong = complaint(column.schema, column.required, outcome.value);
    if (wrong !== null) return refuse(edit, wrong);
    if (same(outcome.value, record[column.name] ?? null)) this.cancel(edit);
    else void this.#ports.during(this.#write(edit, { [column.name]: outcome.value }));
  }

  /** Ends a conflict with one of its sides. */
  async choose(edit: CellEdit, side: Side): Promise<void> {
    if (!edit.merge) return;
    const changes = resolved(edit.merge, { [edit.column.name]: side });
    const theirs = await edit.seen;
    if (Object.keys(changes).length === 0) return this.cancel(edit);
    const again = new CellEdit(theirs.record, edit.column, Promise.resolve(theirs));
    again.raw = rawOf(edit.column, changes[edit.column.name]);
    this.#set(edit.key, again);
    await this.#ports.during(this.#write(again, changes));
  }

  async #write(edit: CellEdit, changes: Changes): Promise<void> {
    const { records, own, expect, done } = this.#ports;
    edit.phase = 'saving';
    edit.open = false;
    edit.error = null;
    try {
      const seen = await edit.seen;
      const merge = threeWay(edit.record, changes, seen.record);
      if (merge.conflicts.length > 0) return this.#clash(edit, merge, seen);
      expect(edit.record.id);
      const saved = await save(records, seen, merge.changes, own());
      if (saved.outcome === 'conflict') return this.#clash(edit, saved.merge, saved.theirs);
      this.cancel(edit);
      done({ before: edit.record, after: saved.seen, changes });
    } catch (error) {
      const problem = problemOf(error);
      edit.error = messageAt(problem, `/${edit.column.name}`) ?? (problem.detail || problem.title);
      edit.phase = 'refused';
      // A read that failed is asked anew with the next try.
      edit.seen = records.get(edit.record.id);
      edit.seen.catch(() => undefined);
    }
  }

  #clash(edit: CellEdit, merge: Merge, theirs: Seen): void {
    edit.merge = merge;
    edit.seen = Promise.resolve(theirs);
    edit.phase = 'conflict';
  }

  #set(key: string, edit: CellEdit | null): void {
    const rest = Object.fromEntries(Object.entries(this.all).filter(([other]) => other !== key));
    this.all = edit ? { ...rest, [key]: edit } : rest;
  }
}

function refuse(edit: CellEdit, error: string): void {
  edit.error = error;
  edit.phase = 'refused';
}

function keyOf(id: string, column: string): string {
  return `${id} ${column}`;
}
