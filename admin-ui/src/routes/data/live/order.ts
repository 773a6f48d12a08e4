/** The server's order of a list: null before every value, text by code points, ties by id. */
import type { Order, Row } from './rows';

/** An order by keys as the API takes them: `-createdAt`. */
export function comparing(keys: readonly string[]): Order {
  const fields = keys.map((key) => (key.startsWith('-') ? { name: key.slice(1), sign: -1 } : { name: key, sign: 1 }));
  return (a: Row, b: Row) => {
    for (const { name, sign } of fields) {
      const order = compare(a[name], b[name]);
      if (order !== 0) return order * sign;
    }
    return compare(a.id, b.id);
  };
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  if (isNothing(a) || isNothing(b)) return Number(isNothing(b)) - Number(isNothing(a));
  // Numbers and big integers compare exactly with one another; booleans as 0 and 1.
  const [x, y] = [a as number | bigint, b as number | bigint];
  return x < y ? -1 : x > y ? 1 : 0;
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

/** Code points order as bytes of UTF-8 do; UTF-16 units put emoji before U+E000. */
function compareText(a: string, b: string): number {
  for (let at = 0; ; at++) {
    const x = a.codePointAt(at) ?? -1;
    const y = b.codePointAt(at) ?? -1;
    if (x !== y || x < 0) return x - y;
  }
}
