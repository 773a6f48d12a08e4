/**
 * What the form can say before the server is asked: the plain keywords of a field's schema, in the words the server
 * would use. The server's answer is the one that counts; formats and patterns of other engines are left to it.
 */
import { count as grouped, counted } from '../../../ui/number';
import type { JsonSchema } from '@plinth/client/admin';

/** What is wrong with a value, or null. `required` fields may not be NULL unless the schema says so. */
export function complaint(schema: JsonSchema, required: boolean, value: unknown): string | null {
  if (value === null || value === undefined) return required && !takesNull(schema) ? 'It is required.' : null;
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) return `It is not one of ${schema.enum.filter((item) => item !== null).join(', ')}.`;
  if (typeof value === 'string') return ofText(schema, value);
  if (typeof value === 'number' || typeof value === 'bigint') return ofNumber(schema, value);
  if (Array.isArray(value)) return ofList(schema, value);
  return null;
}

function takesNull({ type, enum: choices }: JsonSchema): boolean {
  return (Array.isArray(type) && type.includes('null')) || (choices?.includes(null) ?? false);
}

function ofText({ minLength, maxLength, pattern }: JsonSchema, value: string): string | null {
  const length = lengthOf(value);
  if (maxLength !== undefined && length > maxLength) return `It has ${counted(length, 'character')}; the limit is ${grouped(maxLength)}.`;
  if (minLength !== undefined && length < minLength) return `It has ${counted(length, 'character')}; at least ${grouped(minLength)} are needed.`;
  return pattern !== undefined && !matches(pattern, value) ? `It does not match ${pattern}` : null;
}

function ofNumber(schema: JsonSchema, value: number | bigint): string | null {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  if (minimum !== undefined && value < minimum) return `It is ${value}; the least is ${minimum}.`;
  if (maximum !== undefined && value > maximum) return `It is ${value}; the most is ${maximum}.`;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return `It is ${value}; it must be more than ${exclusiveMinimum}.`;
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return `It is ${value}; it must be less than ${exclusiveMaximum}.`;
  return null;
}

function ofList(schema: JsonSchema, values: unknown[]): string | null {
  const { minItems, maxItems, uniqueItems, items } = schema;
  if (maxItems !== undefined && values.length > maxItems) return `It has ${counted(values.length, 'item')}; the limit is ${grouped(maxItems)}.`;
  if (minItems !== undefined && values.length < minItems) return `It has ${counted(values.length, 'item')}; at least ${grouped(minItems)} are needed.`;
  const twice = values.findIndex((value, index) => values.indexOf(value) < index);
  if (uniqueItems && twice >= 0) return `Item ${twice + 1} is there twice.`;
  for (const [index, value] of values.entries()) {
    const found = items ? complaint(items, true, value) : null;
    if (found) return `Item ${index + 1}: ${found}`;
  }
  return null;
}

/** JSON Schema counts code points, not UTF-16 units. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/** A pattern that this engine does not know is for the server to judge. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}
