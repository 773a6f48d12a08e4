/**
 * The request that makes a record say what an edit says. It is a merge patch with the changed fields alone, except
 * where a merge patch can't say it: inside JSON, `null` means "remove" and `$inc` is an operator, so a
 * JSON value that holds either replaces the whole record.
 */
import { same, type Row } from '../live/rows';
import type { Changes } from './merge';

export type Body = { method: 'update' | 'replace'; data: Record<string, unknown> };

/** The body for `changes` on top of `base`; `own` names the fields that a client may write. */
export function bodyFor(base: Row, changes: Changes, own: readonly string[]): Body {
  const entries = Object.entries(changes);
  if (entries.every(([, value]) => sayable(value))) {
    return { method: 'update', data: Object.fromEntries(entries.map(([field, value]) => [field, patchOf(base[field], value)])) };
  }
  return { method: 'replace', data: { ...ownFields(base, own), ...changes } };
}

/** What is written back to make a record anew: its own fields, without those that the server sets. */
export function ownFields(record: Row, own: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(own.filter((field) => record[field] !== undefined).map((field) => [field, record[field]]));
}

/** The merge patch (RFC 7386) that turns `before` into `after`. */
export function patchOf(before: unknown, after: unknown): unknown {
  if (!isObject(before) || !isObject(after)) return after;
  const patch: Record<string, unknown> = {};
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    if (!Object.hasOwn(before, name) || !same(before[name], value)) patch[name] = patchOf(before[name], value);
  }
  return patch;
}

/** Lists are set whole, so only objects are looked into. */
function sayable(value: unknown): boolean {
  if (!isObject(value)) return true;
  return Object.entries(value).every(([name, inner]) => inner !== null && !name.startsWith('$') && sayable(inner));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
