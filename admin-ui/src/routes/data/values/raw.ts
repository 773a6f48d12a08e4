/**
 * What an editor holds while a value is being typed, and the value it means. A raw value is what the control
 * shows: text for numbers, times and JSON, so that half a number is not lost; `null` is NULL for every kind.
 */
import { kindOf, type FieldKind } from '../../../catalog/kind';
import type { JsonSchema } from '@plinth/client/admin';
import { parse, stringify } from '../../../session/exactJson';

export type Raw = string | boolean | readonly string[] | null;

/** The part of a column that decides how its values are read. */
export interface Kinded {
  kind: FieldKind | 'id';
  schema: JsonSchema;
}

export type Outcome = { value: unknown; error?: undefined } | { error: string };

/** The greatest and the least 64-bit integer. */
const MOST = 9223372036854775807n;
const LEAST = -9223372036854775808n;

/** The raw value of a stored one. */
export function rawOf(field: Kinded, value: unknown): Raw {
  if (value === null || value === undefined) return null;
  switch (field.kind) {
    case 'boolean':
      return value === true;
    case 'dateTime':
      return localText(String(value));
    case 'object':
      return stringify(value, 2);
    case 'list':
      return Array.isArray(value) ? value.map((item) => String(rawOf(itemOf(field.schema), item) ?? '')) : [];
    case 'relations':
      return Array.isArray(value) ? value.map(String) : [];
    default:
      return String(value);
  }
}

/** The value that a raw one means, or what is wrong with it. */
export function valueOf(field: Kinded, raw: Raw): Outcome {
  if (raw === null) return { value: null };
  if (typeof raw === 'boolean') return { value: raw };
  if (typeof raw !== 'string') return field.kind === 'list' ? listOf(field.schema, raw) : { value: [...raw] };
  switch (field.kind) {
    case 'integer':
      return integerOf(raw);
    case 'number':
      return numberOf(raw);
    case 'boolean':
      return /^(?:true|false)$/.test(raw.trim()) ? { value: raw.trim() === 'true' } : { error: `${shown(raw)} is neither true nor false.` };
    case 'dateTime':
      return momentOf(raw);
    case 'object':
      return jsonOf(field.schema, raw);
    default:
      return { value: raw };
  }
}

/** The field that each item of a list is. */
function itemOf(schema: JsonSchema): Kinded {
  const items = schema.items ?? { type: 'string' };
  return { kind: kindOf(items) ?? 'text', schema: items };
}

/** A moment as `datetime-local` wants it, in the person's zone; seconds and milliseconds only where there are any. */
export function localText(at: string): string {
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return '';
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${String(moment.getFullYear()).padStart(4, '0')}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const ms = moment.getMilliseconds();
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}${ms ? `.${String(ms).padStart(3, '0')}` : ''}`;
}

function integerOf(raw: string): Outcome {
  const text = raw.trim();
  if (!/^[+-]?\d+$/.test(text)) return { error: `${shown(raw)} is not a whole number.` };
  const exact = BigInt(text.replace(/^\+/, ''));
  if (exact > MOST || exact < LEAST) return { error: `${text} is beyond 64 bits; the limit is ${exact > 0 ? MOST : LEAST}.` };
  const near = Number(exact);
  return { value: Number.isSafeInteger(near) ? near : exact };
}

function numberOf(raw: string): Outcome {
  const text = raw.trim();
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return { error: `${shown(raw)} is not a number.` };
  const value = Number(text);
  return Number.isFinite(value) ? { value } : { error: `${text} is beyond what a double holds.` };
}

function momentOf(raw: string): Outcome {
  const moment = new Date(raw);
  return Number.isNaN(moment.getTime()) ? { error: `${shown(raw)} is not a date and time.` } : { value: moment.toISOString() };
}

function jsonOf(schema: JsonSchema, raw: string): Outcome {
  let value: unknown;
  try {
    value = parse(raw);
  } catch (error) {
    return { error: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const plain = typeof value === 'object' && value !== null && !Array.isArray(value);
  return schema.type === 'object' && !plain ? { error: 'This is JSON, but not an object: it starts with { and ends with }.' } : { value };
}

function listOf(schema: JsonSchema, raw: readonly string[]): Outcome {
  const item = itemOf(schema);
  const values: unknown[] = [];
  for (const [index, text] of raw.entries()) {
    const outcome = valueOf(item, text);
    if (outcome.error !== undefined) return { error: `Item ${index + 1}: ${outcome.error}` };
    values.push(outcome.value);
  }
  return { value: values };
}

function shown(raw: string): string {
  return raw.trim() === '' ? 'Nothing' : `“${raw.trim().slice(0, 40)}”`;
}
