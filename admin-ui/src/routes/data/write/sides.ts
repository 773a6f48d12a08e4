/** The three sides of a conflict as words, in the order in which they are shown. */
import type { Side } from './merge';

export const sides: readonly { side: Side; word: string }[] = [
  { side: 'mine', word: 'Yours' },
  { side: 'theirs', word: 'Theirs' },
  { side: 'base', word: 'Base' },
];
