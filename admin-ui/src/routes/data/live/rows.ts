/**
 * The loaded rows of a query and what the feed does to them, without I/O. Rows that are shown keep their
 * place whatever happens: a changed cell is marked, a deleted row stays as a shadow until it is swept, a
 * new one waits until it is asked for.
 */

/** A record as the API gives it. */
export interface Row {
  id: string;
  updatedAt?: string;
  expand?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface Entry {
  readonly record: Row;
  /** Fields that somebody else changed, with the moment in ms; the whole row under `*`. */
  readonly flashes: Readonly<Record<string, number>>;
  /** Deleted, or out of the filter: a shadow of what was here. */
  readonly gone: boolean;
}

export interface Rows {
  readonly entries: readonly Entry[];
  /** New ones that wait to be shown, by id. */
  readonly waiting: ReadonlyMap<string, Row>;
  /** Where the next page starts; null when all are here. */
  readonly next: string | null;
  /** The last record of the last page as it came: what sorts behind it is not known to be the next. */
  readonly edge: Row | null;
}

export type Order = (a: Row, b: Row) => number;

/** What the feed reports; `record` is there unless it went. */
export interface Change {
  type: 'create' | 'update' | 'delete';
  id: string;
  record?: Row | undefined;
}

export const noRows: Rows = { entries: [], waiting: new Map(), next: null, edge: null };

/** The first page. */
export function firstPage(items: readonly Row[], next: string | null): Rows {
  return { entries: items.map(entry), waiting: new Map(), next, edge: items.at(-1) ?? null };
}

/** The page behind what is loaded. A record that moved since may come twice: the place it has is kept. */
export function nextPage(rows: Rows, items: readonly Row[], next: string | null): Rows {
  const known = new Map(rows.entries.map((item, index) => [item.record.id, index]));
  const entries = [...rows.entries];
  const waiting = new Map(rows.waiting);
  for (const record of items) {
    waiting.delete(record.id);
    const at = known.get(record.id);
    const old = at === undefined ? undefined : entries[at];
    if (at === undefined || !old) entries.push(entry(record));
    else entries[at] = { ...old, record: newer(old.record, record), gone: false };
  }
  return { entries, waiting, next, edge: items.at(-1) ?? rows.edge };
}

/** What changed elsewhere, in order. What is `quiet`, since this page writes it right now, does not flash. */
export function applied(rows: Rows, changes: readonly Change[], order: Order, now: number, quiet: (id: string) => boolean = () => false): Rows {
  if (changes.length === 0) return rows;
  const places = new Map(rows.entries.map(({ record }, index) => [record.id, index]));
  const entries = [...rows.entries];
  const waiting = new Map(rows.waiting);
  for (const { id, record } of changes) {
    const at = places.get(id);
    const old = at === undefined ? undefined : entries[at];
    if (at !== undefined && old) entries[at] = record ? updated(old, record, now, quiet(id)) : { ...old, gone: true };
    else if (record && within(rows, record, order)) waiting.set(id, record);
    else waiting.delete(id);
  }
  return { ...rows, entries, waiting };
}

/** Takes in the rows that waited, sorts all anew and sweeps the shadows out. */
export function settled(rows: Rows, order: Order, now: number): Rows {
  const added = [...rows.waiting.values()].map((record) => ({ ...entry(record), flashes: { '*': now } }));
  const kept = rows.entries.filter(({ gone, record }) => !gone && !rows.waiting.has(record.id));
  return { ...rows, entries: [...kept, ...added].sort((a, b) => order(a.record, b.record)), waiting: new Map() };
}

/** Puts a record that this page made at its place, and leaves the others and those that wait alone. */
export function inserted(rows: Rows, record: Row, order: Order): Rows {
  const waiting = new Map(rows.waiting);
  const known = waiting.get(record.id);
  waiting.delete(record.id);
  const rest = rows.entries.filter((item) => item.record.id !== record.id);
  const at = rest.findIndex((item) => order(record, item.record) < 0);
  const place = at < 0 ? rest.length : at;
  return { ...rows, waiting, entries: rest.toSpliced(place, 0, entry(known ? (isOlder(record, known) ? known : withExpand(known, record)) : record)) };
}

/** The record as a write of this page brought it, in its place. */
export function replaced(rows: Rows, record: Row): Rows {
  const at = rows.entries.findIndex((item) => item.record.id === record.id);
  const old = rows.entries[at];
  // A later change of somebody else's may have come before the answer to ours.
  if (!old || isOlder(record, old.record)) return rows;
  return { ...rows, entries: rows.entries.with(at, { ...old, record: withExpand(old.record, record), gone: false }) };
}

/** Without these rows, as when this page deleted them. */
export function without(rows: Rows, gone: readonly string[]): Rows {
  const ids = new Set(gone);
  const waiting = new Map([...rows.waiting].filter(([id]) => !ids.has(id)));
  return { ...rows, waiting, entries: rows.entries.filter(({ record }) => !ids.has(record.id)) };
}

/** Without the shadows. */
export function swept(rows: Rows): Rows {
  return rows.entries.some(({ gone }) => gone) ? { ...rows, entries: rows.entries.filter(({ gone }) => !gone) } : rows;
}

function entry(record: Row): Entry {
  return { record, flashes: {}, gone: false };
}

function updated(old: Entry, record: Row, now: number, quiet: boolean): Entry {
  if (!old.gone && isOlder(record, old.record)) return old;
  const fields = quiet ? [] : differing(old.record, record);
  if (fields.length === 0) return { ...old, record, gone: false };
  return { record, gone: false, flashes: { ...old.flashes, ...Object.fromEntries(fields.map((field) => [field, now])) } };
}

/** The own fields whose values differ; `updatedAt` changes with every write and says nothing. */
export function differing(before: Row, after: Row): string[] {
  return Object.keys(after).filter((field) => field !== 'updatedAt' && field !== 'expand' && !same(before[field], after[field]));
}

/** Deep equality of JSON values, big integers included. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => Object.hasOwn(right, name) && same(left[name], right[name]));
}

/** A change may have been on its way before the page it belongs to was read. */
function isOlder(a: Row, b: Row): boolean {
  return a.updatedAt !== undefined && b.updatedAt !== undefined && a.updatedAt < b.updatedAt;
}

function newer(old: Row, record: Row): Row {
  return isOlder(record, old) ? old : record;
}

/** A write's answer has no `expand`: what the old one had still holds for the relations that did not change. */
function withExpand(old: Row, record: Row): Row {
  if (record.expand || !old.expand) return record;
  const expand = Object.fromEntries(Object.entries(old.expand).filter(([name]) => same(old[name], record[name])));
  return { ...record, expand };
}

function within(rows: Rows, record: Row, order: Order): boolean {
  return rows.next === null || rows.edge === null || order(record, rows.edge) <= 0;
}
