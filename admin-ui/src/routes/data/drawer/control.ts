/** Which control fits a field. */
import type { JsonSchema } from '@plinth/client/admin';

/** The value that stands for NULL in controls that know text only. */
export const UNSET = '\u0000';

const LINE = 60;
const SHORT_LIMIT = 120;
const MOST_SEGMENTS = 4;
const SEGMENT_LETTERS = 36;

/** Whether a text needs a box of several lines: it has them, or its schema leaves room for them. */
export function isLong({ maxLength, pattern, format, 'x-unique': unique }: JsonSchema, text: string): boolean {
  if (text.includes('\n') || text.length > LINE) return true;
  if (pattern !== undefined || format !== undefined || unique) return false;
  return maxLength !== undefined && maxLength > SHORT_LIMIT;
}

/** Whether choices are few and short enough to stand side by side. */
export function segments(choices: readonly string[]): boolean {
  return choices.length <= MOST_SEGMENTS && choices.join('').length <= SEGMENT_LETTERS;
}
