/** Puts a draft onto a definition that somebody else changed meanwhile: theirs, with what the draft changed. */
import type { JsonSchema } from '@plinth/client/admin';
import { same } from './changes';

type Members = Record<string, unknown>;

/** The merged schema, and the names of fields that both changed, where the draft's was taken. */
export function rebase(base: JsonSchema, draft: JsonSchema, theirs: JsonSchema): { schema: JsonSchema; both: string[] } {
  const merged = merge(without(base), without(draft), without(theirs));
  const fields = merge(base.properties ?? {}, draft.properties ?? {}, theirs.properties ?? {});
  const required = [...(draft.required ?? [])];
  for (const name of theirs.required ?? []) {
    if (!base.required?.includes(name) && !required.includes(name)) required.push(name);
  }
  const dropped = (base.required ?? []).filter((name) => !theirs.required?.includes(name));
  const all: Members = {
    ...merged.value,
    required: required.filter((name) => !dropped.includes(name) && Object.hasOwn(fields.value, name)),
    properties: fields.value,
  };
  // Members stay where they stood in theirs; a draft that only moves them is no change.
  const order = [...new Set([...Object.keys(theirs), ...Object.keys(all)])].filter((name) => Object.hasOwn(all, name));
  return { schema: Object.fromEntries(order.map((name) => [name, all[name]])), both: fields.both };
}

/** Member by member: what the draft changed is the draft's, all else is theirs. */
function merge(base: Members, draft: Members, theirs: Members): { value: Members; both: string[] } {
  const value: Members = {};
  const both: string[] = [];
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(draft)])) {
    const mine = !same(base[name], draft[name]);
    const other = !same(base[name], theirs[name]);
    if (mine && other && !same(draft[name], theirs[name])) both.push(name);
    const taken = mine ? draft[name] : theirs[name];
    if (taken !== undefined) value[name] = taken;
  }
  return { value, both };
}

function without(schema: JsonSchema): Members {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => keyword !== 'properties' && keyword !== 'required'));
}
