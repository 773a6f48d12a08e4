/**
 * How wide a column wants to be for what the first rows hold. It is measured once per screen: widths that followed the
 * rows would move the columns under the eyes.
 */
import { type Column } from '../columns';
import { linkedOf, type Labels } from '../live/relations';
import type { Row } from '../live/rows';

/** The width of a text in the face of the cells. */
type Measure = (text: string) => number;

/** The least and the most of each kind that is measured; the others keep the width of their kind. */
const bounds: Partial<Record<Column['kind'], readonly [number, number]>> = {
  text: [112, 320],
  choice: [88, 200],
  integer: [88, 208],
  number: [88, 208],
  relation: [120, 240],
};
/** Padding on both sides and the edge. */
const FRAME = 22;
/** What stands beside the words: icon and arrow of the head, chain or avatar of a relation, edges of a chip. */
const HEAD = 64;
const BESIDE: Partial<Record<Column['kind'], number>> = { relation: 34, choice: 14 };
/** What the first text gets at least as long as few rows say how long it will be. */
const FEW = 10;
const ROOMY = 240;
/** Rows that are looked at, and characters of a value: more would change nothing. */
const ROWS = 50;
const LONGEST = 80;
/** One text in so many may be cut, so that a single long one does not widen the column for all. */
const OUTLIERS = 20;

/** The width for a column over these rows. */
export function fit(column: Column, rows: readonly Row[], labels: Labels, measure: Measure): number {
  const [least, most] = bounds[column.kind] ?? [column.width, column.width];
  const widths = rows
    .slice(0, ROWS)
    .map((row) => measure(wordsOf(row, column, labels).slice(0, LONGEST)))
    .sort((a, b) => b - a);
  const spared = column.kind === 'text' ? Math.floor(widths.length / OUTLIERS) : 0;
  const content = (widths[spared] ?? 0) + FRAME + (BESIDE[column.kind] ?? 0);
  const head = Math.min(measure(column.name) + HEAD, 240);
  const guess = column.kind === 'text' && column.grows && rows.length < FEW ? ROOMY : 0;
  return Math.ceil(Math.max(least, head, guess, Math.min(most, content)));
}

function wordsOf(row: Row, column: Column, labels: Labels): string {
  const value = row[column.name];
  if (value === null || value === undefined) return 'NULL';
  if (column.kind !== 'relation') return String(value);
  const [linked] = linkedOf(row, column, labels);
  return linked?.label ?? '…000000';
}

/** Measures as the cells are drawn; guesses where nothing can be drawn. */
export function ruler(): Measure {
  const canvas = document.createElement('canvas').getContext('2d');
  if (!canvas) return (text) => text.length * 7;
  canvas.font = `12.5px ${getComputedStyle(document.body).fontFamily}`;
  return (text) => canvas.measureText(text).width;
}
