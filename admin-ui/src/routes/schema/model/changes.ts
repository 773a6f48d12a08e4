/** What a draft changes, field by field, against what the server has. */
import type { JsonSchema } from '@plinth/client/admin';
import { RENAMED_FROM } from './fields';

export type ChangeKind = 'added' | 'changed' | 'renamed' | 'removed';

export interface FieldChange {
  kind: ChangeKind;
  /** The name in the draft; for what is removed, the stored one. */
  name: string;
  /** The stored name, where there is one. */
  stored: string | null;
}

/** The glyph and hue of each kind of change, the same in list, text and plan. */
export const changeLooks: Record<ChangeKind, { glyph: string; tone: 'allow' | 'cond' | 'accent' | 'deny' }> = {
  added: { glyph: '+', tone: 'allow' },
  changed: { glyph: '~', tone: 'cond' },
  renamed: { glyph: '→', tone: 'accent' },
  removed: { glyph: '−', tone: 'deny' },
};

/** The changed fields in the draft's order, what is removed at the end. */
export function changesOf(base: JsonSchema | null, draft: JsonSchema): FieldChange[] {
  const before = base?.properties ?? {};
  const after = draft.properties ?? {};
  const claimed = new Set<string>();
  const changes: FieldChange[] = [];
  for (const [name, field] of Object.entries(after)) {
    const stored = storedName(name, field, before);
    if (stored !== null) claimed.add(stored);
    const kind = stored === null ? 'added' : stored !== name ? 'renamed' : sameField(base, draft, name) ? null : 'changed';
    if (kind) changes.push({ kind, name, stored });
  }
  for (const name of Object.keys(before)) {
    if (!claimed.has(name)) changes.push({ kind: 'removed', name, stored: name });
  }
  return changes;
}

/** The name the server knows a draft's field by, or null for a new one. */
export function storedName(name: string, field: JsonSchema, before: Record<string, JsonSchema>): string | null {
  const from = field[RENAMED_FROM];
  if (typeof from === 'string' && Object.hasOwn(before, from)) return from;
  return Object.hasOwn(before, name) ? name : null;
}

function sameField(base: JsonSchema | null, draft: JsonSchema, name: string): boolean {
  const required = (schema: JsonSchema | null) => schema?.required?.includes(name) ?? false;
  return required(base) === required(draft) && same(base?.properties?.[name], draft.properties?.[name]);
}

/** Equal as JSON, whatever the order of members. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => name in right && same(left[name], right[name]));
}

/**
 * A removed and an added field of the same kind that look like a rename written as text: it would drop the
 * data, where `x-renamed-from` keeps it. Only when there is exactly one of each, so that it is no guess.
 */
export function likelyRename(base: JsonSchema | null, draft: JsonSchema): { from: string; to: string } | null {
  const changes = changesOf(base, draft);
  const removed = changes.filter(({ kind }) => kind === 'removed');
  const added = changes.filter(({ kind }) => kind === 'added');
  const [from] = removed;
  const [to] = added;
  if (removed.length !== 1 || added.length !== 1 || !from || !to) return null;
  const shape = (schema: JsonSchema | undefined) => [schema?.type, schema?.items?.type, schema?.['x-relation']?.collection];
  return same(shape(base?.properties?.[from.name]), shape(draft.properties?.[to.name])) ? { from: from.name, to: to.name } : null;
}
