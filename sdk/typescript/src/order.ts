/** An order of records, as a sort function takes it. */
export type Compare = (a: Fields, b: Fields) => number;

/** A record of whatever collection. */
export interface Fields {
  id: string;
  [field: string]: unknown;
}

/** The server's order: null before every value, text by its bytes in UTF-8, ties by id in the direction of the last key. */
export function comparing(orderBy: readonly string[]): Compare {
  const keys = [...orderBy, orderBy.at(-1)?.startsWith('-') ? '-id' : 'id'];
  return (a, b) => {
    for (const key of keys) {
      const field = key.replace('-', '');
      const order = compare(a[field], b[field]);
      if (order) return field === key ? order : -order;
    }
    return 0;
  };
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return rank(a) - rank(b);
}

/** Where one of two is null the other may be text, which counts as 0; two nulls give NaN, which is no order either. */
const rank = (value: unknown): number => (value === null || value === undefined ? -Infinity : Number(value) || 0);

/** Code points order as UTF-8 does; UTF-16 units, by which `<` goes, put emoji before U+E000. */
function compareText(a: string, b: string): number {
  for (let i = 0; ; i++) {
    const x = a.codePointAt(i) ?? -1;
    const y = b.codePointAt(i) ?? -1;
    if (x !== y || x < 0) return x - y;
  }
}
