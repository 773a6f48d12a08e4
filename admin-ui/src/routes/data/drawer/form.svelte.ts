/**
 * A record while it is being edited: what it was, what was typed, what is wrong with it, and where somebody else was at
 * the same field. The form knows nothing of controls; the drawer and the JSON tab both edit it.
 */
import { problemOf } from '../../../session/problem';
import type { Column } from '../columns';
import { same, type Row } from '../live/rows';
import { complaint } from '../values/check';
import { rawOf, valueOf, type Outcome, type Raw } from '../values/raw';
import { threeWay, type Changes, type Conflict, type Side } from '../write/merge';
import type { Records, Seen } from '../write/records';
import { save } from '../write/save';

/** What a form leaves behind when its drawer goes while there are edits. */
export interface Draft {
  base: Seen | null;
  raws: Record<string, Raw>;
}

export class RecordForm {
  /** The version that is edited; null for a record that does not exist yet. */
  base = $state.raw<Seen | null>(null);
  /** What was typed, by field. */
  raws = $state.raw<Readonly<Record<string, Raw>>>({});
  /** What the server said of fields, until they are changed. */
  refusals = $state.raw<Readonly<Record<string, string>>>({});
  /** What the server said of the whole. */
  failure = $state.raw<unknown>();
  conflicts = $state.raw<readonly Conflict[]>([]);
  saving = $state(false);
  /** Save was tried: what is missing is shown as well. */
  tried = $state(false);
  /** The JSON tab holds what is no record. */
  broken = $state<string | null>(null);

  readonly #columns: () => readonly Column[];
  readonly own: readonly Column[] = $derived.by(() => this.#columns().filter(({ readOnly }) => !readOnly));
  readonly #outcomes: Readonly<Record<string, Outcome>> = $derived.by(() =>
    Object.fromEntries(this.own.filter(({ name }) => this.raws[name] !== undefined).map((column) => [column.name, valueOf(column, this.raws[column.name] ?? null)])),
  );

  /** Values that differ from the base, by field; of a new record all that were given. */
  readonly changes: Changes = $derived.by(() => {
    const changes: Changes = {};
    for (const [name, outcome] of Object.entries(this.#outcomes)) {
      if (outcome.error !== undefined) continue;
      if (this.base ? !same(outcome.value, this.base.record[name] ?? null) : outcome.value !== null) changes[name] = outcome.value;
    }
    return changes;
  });

  /** What is wrong, by field. */
  readonly errors: Readonly<Record<string, string>> = $derived.by(() => {
    const errors: Record<string, string> = {};
    for (const column of this.own) {
      const wrong = this.#wrong(column) ?? this.refusals[column.name];
      if (wrong) errors[column.name] = wrong;
    }
    return errors;
  });

  /** Names of the fields that would be written, those with errors included. */
  readonly changed: string[] = $derived.by(() => this.own.map(({ name }) => name).filter((name) => name in this.changes || this.#outcomes[name]?.error !== undefined));

  /** There is something to lose. */
  readonly dirty = $derived(this.changed.length > 0 || this.broken !== null);

  readonly ready = $derived(this.changed.length > 0 && Object.keys(this.errors).length === 0 && this.conflicts.length === 0 && !this.saving && this.broken === null);

  constructor(columns: () => readonly Column[]) {
    this.#columns = columns;
  }

  /** What a control shows. */
  raw(column: Column): Raw {
    const typed = this.raws[column.name];
    if (typed !== undefined) return typed;
    // What is left alone in a new record becomes the default; the form shows it, the server sets it.
    return rawOf(column, this.base ? this.base.record[column.name] : column.schema.default);
  }

  set(field: string, raw: Raw): void {
    this.raws = { ...this.raws, [field]: raw };
    this.refusals = Object.fromEntries(Object.entries(this.refusals).filter(([name]) => name !== field));
    this.failure = undefined;
  }

  /** Gives up what was typed. */
  discard(): void {
    this.raws = {};
    this.refusals = {};
    this.conflicts = [];
    this.failure = undefined;
    this.tried = false;
    this.broken = null;
  }

  /** The version that is stored now. What only one side changed stands; what both changed is a conflict. */
  rebase(theirs: Seen): void {
    if (!this.base) {
      this.base = theirs;
      return;
    }
    const merge = threeWay(this.base.record, this.changes, theirs.record);
    const still = this.conflicts.filter(({ field }) => !merge.conflicts.some((other) => other.field === field) && field in this.changes);
    this.base = theirs;
    this.conflicts = [...still, ...merge.conflicts].map((conflict) => ({ ...conflict, theirs: theirs.record[conflict.field] }));
  }

  /** Ends the conflicts with one side each. */
  merge(sides: Readonly<Record<string, Side>>): void {
    const raws = { ...this.raws };
    for (const { field, base } of this.conflicts) {
      const column = this.own.find(({ name }) => name === field);
      const side = sides[field] ?? 'theirs';
      if (side === 'theirs') delete raws[field];
      else if (side === 'base' && column) raws[field] = rawOf(column, base);
    }
    this.raws = raws;
    this.conflicts = [];
  }

  /** Writes the changes. Answers what was written, or null where something is in the way. */
  async save(records: Records): Promise<{ before: Row | null; after: Seen; changes: Changes } | null> {
    this.tried = true;
    if (!this.ready) return null;
    const { base, changes } = this;
    this.saving = true;
    this.failure = undefined;
    try {
      if (!base) return this.#saved(null, await records.create(changes), changes);
      const saved = await save(records, base, changes, this.own.map(({ name }) => name));
      if (saved.outcome === 'conflict') {
        this.rebase(saved.theirs);
        return null;
      }
      return this.#saved(base.record, saved.seen, changes);
    } catch (error) {
      this.#refused(error);
      return null;
    } finally {
      this.saving = false;
    }
  }

  #saved(before: Row | null, after: Seen, changes: Changes) {
    this.base = after;
    this.discard();
    return { before, after, changes };
  }

  /** Errors with a pointer go to their field, the rest to the head of the form. */
  #refused(error: unknown): void {
    const { errors } = problemOf(error);
    const refusals: Record<string, string> = {};
    let all = errors.length > 0;
    for (const { pointer, message } of errors) {
      const field = pointer.split('/')[1] ?? '';
      if (this.own.some(({ name }) => name === field)) refusals[field] = [refusals[field], message].filter(Boolean).join(' ');
      else all = false;
    }
    this.refusals = refusals;
    this.failure = all ? undefined : error;
  }

  #wrong(column: Column): string | null {
    const outcome = this.#outcomes[column.name];
    if (outcome?.error !== undefined) return outcome.error;
    const value = outcome ? outcome.value : this.base?.record[column.name];
    const touched = outcome !== undefined;
    // A stored value that breaks a later rule is no fault of this edit.
    if (this.base ? !(column.name in this.changes) : !touched && !this.tried) return null;
    // The server fills a default in.
    if (!this.base && !touched && column.schema.default !== undefined) return null;
    return complaint(column.schema, column.required, value);
  }
}
