import { expect, it } from 'vitest';
import { comparing } from '../../src/order.js';

const sorted = (orderBy: string[], values: unknown[]): unknown[] =>
  values
    .map((v, i) => ({ id: String(i), v }))
    .sort(comparing(orderBy))
    .map(({ v }) => v);

it('puts null before every value, and after all when turned round', () => {
  expect(sorted(['v'], [2, null, -1, 0])).toEqual([null, -1, 0, 2]);
  expect(sorted(['-v'], [2, null, -1, 0])).toEqual([2, 0, -1, null]);
  expect(sorted(['v'], [true, null, false])).toEqual([null, false, true]);
  expect(sorted(['v'], ['b', null, '', 'a', null])).toEqual([null, null, '', 'a', 'b']);
  expect(sorted(['-v'], ['b', null, '', 'a', null])).toEqual(['b', 'a', '', null, null]);
});

it('orders text by its bytes in UTF-8', () => {
  const texts = ['😀', '\uE000', 'é', 'z', 'Z', '', 'a', 'ab', '\uFFFD', '𐀀', 'a\u0000'];
  const bytewise = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(sorted(['v'], texts)).toEqual(bytewise);
  expect(bytewise).not.toEqual([...texts].sort());
});

it('agrees with the bytes for any pair of texts', () => {
  const units = ['a', 'b', '\u007f', '\u0080', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'];
  const texts = ['', ...units, ...units.flatMap((a) => units.map((b) => a + b))];
  for (const a of texts) for (const b of texts) expect(Math.sign(comparing(['v'])({ id: '', v: a }, { id: '', v: b }))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
});

it('breaks ties by the next key, then by id in the direction of the last key', () => {
  const records = [
    { id: '1', a: 1, b: 1 },
    { id: '3', a: 1, b: 2 },
    { id: '2', a: 1, b: 2 },
  ];
  const ids = (orderBy: string[]): string[] => [...records].sort(comparing(orderBy)).map(({ id }) => id);
  expect(ids(['a', 'b'])).toEqual(['1', '2', '3']);
  expect(ids(['a', '-b'])).toEqual(['3', '2', '1']);
  expect(ids(['-b', 'a'])).toEqual(['2', '3', '1']);
  expect(ids([])).toEqual(['1', '2', '3']);
});
