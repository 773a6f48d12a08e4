import { describe, expect, it } from 'vitest';
import { offsetsOf, scrollTo, slice, sliceOf, slotted } from './window';

describe('slice', () => {
  it('is what is in sight and a little more', () => {
    expect(slice(320, 100, 32, 1000, 2)).toEqual({ from: 8, to: 16 });
  });

  it('stays within the list', () => {
    expect(slice(0, 600, 32, 5)).toEqual({ from: 0, to: 5 });
    expect(slice(-50, 100, 32, 1000, 0)).toEqual({ from: 0, to: 4 });
    expect(slice(99_999, 100, 32, 10, 2)).toEqual({ from: 8, to: 10 });
    expect(slice(0, 100, 32, 0)).toEqual({ from: 0, to: 0 });
  });
});

describe('slotted', () => {
  it('lets rows keep their elements and elements keep their order', () => {
    expect(slotted({ from: 0, to: 4 }, 4).map(({ at }) => at)).toEqual([0, 1, 2, 3]);
    expect(slotted({ from: 2, to: 6 }, 4)).toEqual([
      { slot: 0, at: 4 },
      { slot: 1, at: 5 },
      { slot: 2, at: 2 },
      { slot: 3, at: 3 },
    ]);
  });

  it('never gives one element to two rows', () => {
    expect(new Set(slotted({ from: 3, to: 99 }, 7).map(({ slot }) => slot)).size).toBe(7);
  });
});

describe('scrollTo', () => {
  it('moves no further than needed', () => {
    expect(scrollTo(5, 100, 320, 32)).toBe(100);
    expect(scrollTo(1, 100, 320, 32)).toBe(32);
    expect(scrollTo(20, 0, 320, 32)).toBe(352);
  });
});

describe('sliceOf', () => {
  const offsets = offsetsOf([10, 20, 30, 40]);

  it('finds boxes of different heights', () => {
    expect(offsets).toEqual([0, 10, 30, 60, 100]);
    expect(sliceOf(offsets, 0, 5, 0)).toEqual({ from: 0, to: 1 });
    expect(sliceOf(offsets, 15, 20, 0)).toEqual({ from: 1, to: 3 });
    expect(sliceOf(offsets, 15, 20, 1)).toEqual({ from: 0, to: 4 });
    expect(sliceOf(offsets, 500, 20, 0)).toEqual({ from: 4, to: 4 });
    expect(sliceOf(offsetsOf([]), 0, 100)).toEqual({ from: 0, to: 0 });
  });
});
