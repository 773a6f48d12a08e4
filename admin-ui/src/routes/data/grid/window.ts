/** Which rows of a long list are drawn. */

export interface Slice {
  /** First row, counted from 0. */
  from: number;
  /** The row behind the last. */
  to: number;
}

/** The rows in sight and `spare` on both sides, so that a quick scroll does not show blanks. */
export function slice(top: number, height: number, rowHeight: number, count: number, spare = 8): Slice {
  const first = Math.floor(Math.max(0, top) / rowHeight);
  const last = Math.ceil((Math.max(0, top) + height) / rowHeight);
  return { from: Math.max(0, Math.min(first, count) - spare), to: Math.min(count, last + spare) };
}

/** Which of `slots` elements shows which row, in the order of the elements; a row keeps its element while it is in sight. */
export function slotted({ from, to }: Slice, slots: number): { slot: number; at: number }[] {
  return Array.from({ length: Math.min(slots, to - from) }, (_, index) => from + index)
    .map((at) => ({ slot: at % slots, at }))
    .sort((a, b) => a.slot - b.slot);
}

/** The scroll position nearest to `top` that shows a row whole. */
export function scrollTo(row: number, top: number, height: number, rowHeight: number): number {
  const start = row * rowHeight;
  if (start < top) return start;
  return Math.max(top, start + rowHeight - height);
}

/** Where each of some boxes of different heights starts, and at last where they end. */
export function offsetsOf(heights: readonly number[]): number[] {
  const offsets = [0];
  let end = 0;
  for (const height of heights) offsets.push((end += height));
  return offsets;
}

/** As `slice`, for boxes that start at `offsets`. */
export function sliceOf(offsets: readonly number[], top: number, height: number, spare = 4): Slice {
  const count = offsets.length - 1;
  const first = placeAt(offsets, Math.max(0, top));
  const last = placeAt(offsets, Math.max(0, top) + height);
  return { from: Math.max(0, Math.min(first, count) - spare), to: Math.min(count, last + 1 + spare) };
}

/** The last box that starts at or above `at`. */
function placeAt(offsets: readonly number[], at: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((offsets[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
