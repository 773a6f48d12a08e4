import { describe, expect, it } from 'vitest';
import type { JsonSchema } from '@plinth/client/admin';
import { complaint, lengthOf } from './check';

const of = (schema: JsonSchema, value: unknown, required = false) => complaint(schema, required, value);

describe('complaint', () => {
  it('says what was found and the limit', () => {
    expect(of({ maxLength: 2 }, 'abc')).toBe('It has 3 characters; the limit is 2.');
    expect(of({ minLength: 1 }, '')).toBe('It has 0 characters; at least 1 are needed.');
    expect(of({ minimum: 0 }, -1)).toBe('It is -1; the least is 0.');
    expect(of({ exclusiveMaximum: 1 }, 1)).toBe('It is 1; it must be less than 1.');
    expect(of({ maxItems: 1 }, ['a', 'b'])).toBe('It has 2 items; the limit is 1.');
    expect(of({ uniqueItems: true }, ['a', 'b', 'a'])).toBe('Item 3 is there twice.');
    expect(of({ items: { maxLength: 1 } }, ['a', 'bc'])).toBe('Item 2: It has 2 characters; the limit is 1.');
    expect(of({ enum: ['a', null] }, 'b')).toBe('It is not one of a.');
    expect(of({ pattern: '^[a-z]+$' }, 'A')).toContain('^[a-z]+$');
  });

  it('is silent where nothing is wrong, big integers too', () => {
    expect(of({ maxLength: 2 }, '😀😀')).toBeNull();
    expect(of({ minimum: 0 }, 9223372036854775807n)).toBeNull();
    expect(of({ maximum: 5 }, 9223372036854775807n)).toBe('It is 9223372036854775807; the most is 5.');
    expect(of({}, { any: 'thing' })).toBeNull();
  });

  it('asks for required values, unless NULL is a value', () => {
    expect(of({ type: 'string' }, null, true)).toContain('required');
    expect(of({ type: ['string', 'null'] }, null, true)).toBeNull();
    expect(of({ type: 'string' }, null)).toBeNull();
  });

  it('leaves a pattern of another engine to the server', () => {
    expect(of({ pattern: '(?i)abc' }, 'x')).toBeNull();
  });
});

describe('lengthOf', () => {
  it('counts code points', () => {
    expect(lengthOf('a😀b')).toBe(3);
  });
});
