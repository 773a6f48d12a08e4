/**
 * JSON that keeps 64-bit integers: those beyond 2^53, which a double can't hold, become `bigint` and are
 * written back digit for digit. Most texts have none and go through the plain parser.
 *
 * Rejected: the reviver's `context.source` and `JSON.rawJSON`, which Safari and Firefox have learned too lately.
 */

/** Sixteen digits or more in a row can be beyond 2^53 - 1 = 9007199254740991. */
export const LONG = /\d{16}/;
/** Strings are matched too, so that digits inside them are passed over. */
export const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** As `JSON.parse`, with integers beyond 2^53 as `bigint`. */
export function parse(text: string): unknown {
  if (!LONG.test(text)) return JSON.parse(text);
  const mark = markOutside(text);
  const marked = text.replace(TOKEN, (token) => (isWide(token) ? `"${mark}${token}"` : token));
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value,
  );
}

/** As `JSON.stringify`, with `bigint` as its digits. */
export function stringify(value: unknown, indent?: number): string {
  const plain = JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? null : item)) as string | undefined;
  const mark = markOutside(plain ?? '');
  const text = JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${mark}${item}` : item), indent) as string | undefined;
  return (text ?? '').replace(new RegExp(`"${mark}(-?\\d+)"`, 'g'), '$1');
}

/** Whether a number of JSON is an integer that a double can't hold. */
export function isWide(token: string): boolean {
  return /^-?\d{16,}$/.test(token) && !Number.isSafeInteger(Number(token));
}

/** A text that does not occur in `text`, so that what it marks can't be taken for anything else. */
function markOutside(text: string): string {
  let mark = '~';
  while (text.includes(mark)) mark += '~';
  return mark;
}
