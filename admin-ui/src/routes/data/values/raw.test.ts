import { describe, expect, it } from 'vitest';
import { localText, rawOf, valueOf, type Kinded } from './raw';

const field = (kind: Kinded['kind'], schema: Kinded['schema'] = {}): Kinded => ({ kind, schema });
const integer = field('integer');
const list = field('list', { type: 'array', items: { type: 'integer' } });

describe('rawOf and valueOf', () => {
  it('are each other’s way back for every kind', () => {
    const values: [Kinded, unknown][] = [
      [field('text'), ''],
      [field('text'), 'a\nb'],
      [integer, -5],
      [integer, 9223372036854775807n],
      [integer, -9223372036854775808n],
      [field('number'), 0.1],
      [field('number'), 1e300],
      [field('boolean'), false],
      [field('dateTime'), '2026-11-22T17:24:51.120Z'],
      [field('dateTime'), '1969-07-20T20:17:00.000Z'],
      [field('choice'), 'image'],
      [field('object', { type: 'object' }), { a: [1, { b: null }], big: 9007199254740993n }],
      [field('list', { items: { type: 'string' } }), ['a', '']],
      [list, [1, 9223372036854775807n]],
      [list, []],
      [field('relations'), ['x', 'y']],
      [field('text'), null],
      [list, null],
    ];
    for (const [kind, value] of values) expect(valueOf(kind, rawOf(kind, value))).toEqual({ value });
  });

  it('takes integers up to 64 bits exactly, and no further', () => {
    expect(valueOf(integer, ' +42 ')).toEqual({ value: 42 });
    expect(valueOf(integer, '9007199254740993')).toEqual({ value: 9007199254740993n });
    expect(valueOf(integer, '9223372036854775808').error).toContain('9223372036854775807');
    expect(valueOf(integer, '-9223372036854775809').error).toContain('-9223372036854775808');
  });

  it.each(['', '1.5', '1e3', '1,284', '0x10', 'abc', '--1'])('refuses %o as an integer', (raw) => {
    expect(valueOf(integer, raw).error).toContain('not a whole number');
  });

  it.each(['', 'NaN', 'Infinity', '1e999', '0x10', '1..2', '.'])('refuses %o as a number', (raw) => {
    expect(valueOf(field('number'), raw).error).toBeDefined();
  });

  it('refuses half a date, broken JSON and JSON of another form', () => {
    expect(valueOf(field('dateTime'), '2026-13-01T00:00').error).toBeDefined();
    expect(valueOf(field('object', { type: 'object' }), '{"a":').error).toContain('not JSON');
    expect(valueOf(field('object', { type: 'object' }), '[1]').error).toContain('not an object');
    expect(valueOf(field('object'), '[1]')).toEqual({ value: [1] });
  });

  it('names the item of a list that is wrong', () => {
    expect(valueOf(list, ['1', 'x']).error).toMatch(/^Item 2: “x”/);
  });
});

describe('localText', () => {
  it('is what the control takes, with milliseconds only where there are any', () => {
    expect(localText('2026-11-22T17:24:51.000Z')).toMatch(/^2026-11-2[123]T\d\d:\d\d:51$/);
    expect(localText('2026-11-22T17:24:51.007Z')).toMatch(/:51\.007$/);
    expect(localText('never')).toBe('');
  });
});
