/** The record as JSON, and what an edit of that text changes. */
import { parse, stringify } from '../../../session/exactJson';
import type { Column } from '../columns';
import { same, type Row } from '../live/rows';
import { rawOf, type Raw } from '../values/raw';

export type Read = { raws: Record<string, Raw>; error?: undefined } | { error: string };

/** The record with the changes in it; what the server sets stands first, as in its own answers. */
export function jsonText(columns: readonly Column[], record: Row | null, changes: Record<string, unknown>): string {
  const order = ['id', 'createdAt', 'updatedAt'];
  const names = [...order, ...columns.map(({ name }) => name).filter((name) => !order.includes(name))];
  const known = columns.filter(({ readOnly }) => record !== null || !readOnly).map(({ name }) => name);
  const members = names
    .filter((name) => known.includes(name))
    .map((name) => [name, name in changes ? changes[name] : (record?.[name] ?? null)] as const);
  return stringify(Object.fromEntries(members), 2);
}

/** The fields as the text gives them; a member that is missing is unset. Nothing half done: one fault refuses all. */
export function readJson(text: string, columns: readonly Column[], record: Row | null): Read {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    return { error: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { error: 'A record is an object: it starts with { and ends with }.' };
  const members = value as Row;
  const raws: Record<string, Raw> = {};
  for (const name of Object.keys(members)) {
    const column = columns.find((other) => other.name === name);
    if (!column) return { error: `There is no field ${name}.` };
    if (column.readOnly && !same(members[name], record?.[name])) return { error: `${name} is set by the server and cannot be changed here.` };
  }
  for (const column of columns) {
    if (column.readOnly) continue;
    const given = members[column.name] ?? null;
    const wrong = misfit(column, given);
    if (wrong) return { error: wrong };
    raws[column.name] = rawOf(column, given);
  }
  return { raws };
}

/** A value of another JSON type than the control can hold. */
function misfit({ name, kind }: Column, value: unknown): string | null {
  if (value === null) return null;
  const type = Array.isArray(value) ? 'list' : typeof value;
  const wanted: Partial<Record<Column['kind'], string[]>> = {
    text: ['string'],
    dateTime: ['string'],
    choice: ['string'],
    relation: ['string'],
    boolean: ['boolean'],
    integer: ['number', 'bigint'],
    number: ['number', 'bigint'],
    list: ['list'],
    relations: ['list'],
  };
  const types = wanted[kind];
  return types && !types.includes(type) ? `${name} is ${type === 'object' ? 'an object' : `a ${type}`}, not a ${types[0]}.` : null;
}
