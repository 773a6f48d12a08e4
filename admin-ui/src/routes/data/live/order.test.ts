import { describe, expect, it } from 'vitest';
import { comparing } from './order';

const sorted = (keys: string[], values: unknown[]) =>
  values
    .map((v, index) => ({ id: String(index), v }))
    .sort(comparing(keys))
    .map(({ v }) => v);

describe('comparing', () => {
  it('puts null first, and last when it runs down', () => {
    expect(sorted(['v'], [2, null, 1])).toEqual([null, 1, 2]);
    expect(sorted(['-v'], [2, null, 1])).toEqual([2, 1, null]);
  });

  it('compares text as its bytes do', () => {
    expect(sorted(['v'], ['b', 'B', 'a', '\u{1f600}', '\ue000', ''])).toEqual(['', 'B', 'a', 'b', '\ue000', '\u{1f600}']);
  });

  it('tells big integers apart that a double holds as one', () => {
    expect(sorted(['v'], [9223372036854775807n, 9223372036854775806n, 5, false])).toEqual([false, 5, 9223372036854775806n, 9223372036854775807n]);
  });

  it('goes to the next key, and to the id at last', () => {
    const order = comparing(['a', '-b']);
    const rows = [
      { id: '2', a: 1, b: 1 },
      { id: '1', a: 1, b: 1 },
      { id: '3', a: 1, b: 2 },
    ];
    expect(rows.sort(order).map(({ id }) => id)).toEqual(['3', '1', '2']);
  });
});
