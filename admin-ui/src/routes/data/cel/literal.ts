/** Values of CEL as text, and back: the one place where the panel makes text out of values. */
import type { Column } from '../columns';

/** A text as a CEL string. JSON's escapes are a part of CEL's. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The text of a CEL string literal, or null where it is none. */
export function unquoted(source: string): string | null {
  if (source.length < 2 || !/^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')$/.test(source)) return null;
  const inside = source.slice(1, -1).replace(/\\(.)/g, (whole, sign: string) => (sign === "'" ? "'" : whole));
  const body = source.startsWith("'") ? inside.replace(/(?<!\\)"/g, '\\"') : inside;
  try {
    return JSON.parse(`"${body}"`) as string;
  } catch {
    // An escape that CEL has and JSON does not: better shown as it stands than guessed.
    return null;
  }
}

/** A stored value as a literal of the field's kind, or null where equality makes no sense for it. */
export function literalOf(kind: Column['kind'], value: unknown): string | null {
  if (value === null || value === undefined) return 'null';
  switch (kind) {
    case 'dateTime':
      return `timestamp(${quoted(String(value))})`;
    case 'number':
      return typeof value === 'number' ? double(value) : null;
    case 'object':
    case 'list':
    case 'relations':
      return null;
    default:
      return typeof value === 'string' ? quoted(value) : String(value);
  }
}

/** CEL tells `10` from `10.0`: a number field is compared with the latter. */
export function double(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
