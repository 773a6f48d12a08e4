import { describe, expect, it } from 'vitest';
import { compile, literal } from '../../src/where.js';

const cel = (where: object): string | undefined => compile(where, {}).filter;

describe('literal', () => {
  it('writes every kind of value as CEL does', () => {
    expect([null, true, 1, -1.5, 1e21, 9007199254740993n, 'x', ['a', 1, null]].map((value) => literal(value))).toEqual(['null', 'true', '1', '-1.5', '1e+21', '9007199254740993', '"x"', '["a",1,null]']);
    expect(literal(new Date(0))).toBe('timestamp("1970-01-01T00:00:00.000Z")');
  });

  it('lets no text end its quotes', () => {
    const hostile = ['" || true || "', '\\" || true', "'", '\\', 'a\nb', '\r', '\u0000', '`${x}`', '\u2028', '//', '"""', '\\u0022'];
    for (const text of hostile) {
      const written = literal(text);
      expect(JSON.parse(written)).toBe(text);
      expect(Buffer.from(written).every((byte) => byte >= 0x20)).toBe(true);
    }
  });

  it('refuses what CEL has no value for', () => {
    for (const value of [undefined, NaN, Infinity, () => 1, {}, Symbol()]) expect(() => literal(value)).toThrow(TypeError);
    expect(() => literal(new Date(NaN))).toThrow(RangeError);
  });
});

describe('where', () => {
  it('asks for all conditions together', () => {
    expect(cel({ status: 'live', views: { gte: 10, lt: 20 }, slug: null })).toBe('status == "live" && views >= 10 && views < 20 && slug == null');
  });

  it('combines with and, or and not', () => {
    expect(cel({ a: 1, or: [{ b: 2, c: 3 }, { d: 4 }] })).toBe('a == 1 && ((b == 2 && c == 3) || (d == 4))');
    expect(cel({ and: [{ a: 1 }, { or: [{ b: 2 }] }] })).toBe('((a == 1) && (((b == 2))))');
    expect(cel({ not: { a: 1, b: 2 } })).toBe('!(a == 1 && b == 2)');
  });

  it('takes no alternatives for false and no conditions for true', () => {
    expect(cel({ or: [] })).toBe('false');
    expect(cel({ and: [] })).toBe('true');
    expect(cel({ a: 1, or: [{}] })).toBe('a == 1 && ((true))');
    expect(cel({})).toBeUndefined();
  });

  it('writes text, list and relation operators', () => {
    expect(cel({ title: { contains: 'a', startsWith: 'b', endsWith: 'c', matches: '^d' } })).toBe('title.contains("a") && title.startsWith("b") && title.endsWith("c") && title.matches("^d")');
    expect(cel({ tags: { has: 'red' }, id: { in: ['x', 'y'] }, n: { notIn: [1] } })).toBe('"red" in tags && id in ["x","y"] && !(n in [1])');
    expect(cel({ author: { is: { team: { ne: 't' }, boss: { is: { name: 'B' } } } } })).toBe('author.team != "t" && author.boss.name == "B"');
    expect(cel({ a_via_b: { some: { user: 'u', or: [{ x: 1 }, { y: 2 }] } } })).toBe('a_via_b.exists(x0, x0.user == "u" && ((x0.x == 1) || (x0.y == 2)))');
    expect(cel({ a: { every: { b: { some: { c: 1 } } } } })).toBe('a.all(x0, x0.b.exists(x1, x1.c == 1))');
  });

  it('refuses a missing value: it would show more than was asked for', () => {
    expect(() => cel({ owner: undefined })).toThrow("owner can't be compared with undefined");
    expect(() => cel({ owner: { eq: undefined } })).toThrow(TypeError);
  });

  it('refuses names and operators that are none', () => {
    for (const name of ['a b', 'a.b', '', 'a"', 'true || a', 'a)']) expect(() => cel({ [name]: 1 })).toThrow(`"${name}" is no field name`);
    for (const operator of ['foo', 'constructor', 'toString', '__proto__x', '== 1 || a']) expect(() => cel({ a: { [operator]: 1 } })).toThrow('has no operator');
    expect(() => cel(JSON.parse('{"a": {"__proto__": 1}}') as object)).toThrow('has no operator');
  });

  it('binds long lists, because the source of a filter may have 4 KiB', () => {
    const ids = Array.from({ length: 100 }, (_, i) => `id-${i}`);
    expect(compile({ id: { in: ids }, n: { notIn: ids } }, { params: { mine: 1 } })).toEqual({ filter: 'id in params._w0 && !(n in params._w1)', params: { mine: 1, _w0: ids, _w1: ids } });
  });

  it('keeps times in lists as times, however many', () => {
    const days = Array.from({ length: 50 }, (_, i) => new Date(i));
    expect(compile({ at: { in: days } }, {})).not.toHaveProperty('params');
  });

  it('joins a filter that is given as text', () => {
    expect(compile({ a: 1 }, { filter: 'b == params.b || c', params: { b: 2 } })).toEqual({ filter: '(b == params.b || c) && (a == 1)', params: { b: 2 } });
    expect(compile(undefined, { filter: 'b' })).toEqual({ filter: 'b' });
    expect(compile(undefined, {})).toEqual({});
  });
});
