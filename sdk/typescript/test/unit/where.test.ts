import { runInNewContext } from 'node:vm';
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
    expect(cel({ or: [] })).toBe('(false)');
    expect(cel({ and: [] })).toBe('(true)');
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
    for (const operator of ['eq', 'ne', 'gt', 'lte', 'contains', 'matches', 'has', 'in', 'notIn', 'is', 'some', 'every', 'foo']) {
      expect(() => cel({ owner: { [operator]: undefined } })).toThrow(/^where: owner/);
    }
  });

  it('refuses a field without a comparison, as it would show more than was asked for', () => {
    const remedy = 'has no comparison: leave it out or compare it';
    expect(() => cel({ title: {} })).toThrow(new TypeError(`where: title ${remedy}`));
    expect(() => cel({ a: 1, or: [{ b: {} }] })).toThrow(`where: or.b ${remedy}`);
    expect(() => cel({ not: { b: {} } })).toThrow(`where: not.b ${remedy}`);
    expect(() => cel({ author: { is: { name: {} } } })).toThrow(`where: author.is.name ${remedy}`);
    expect(() => cel({ a_via_b: { some: { user: {} } } })).toThrow(`where: a_via_b.some.user ${remedy}`);
    expect(() => compile({ title: {} }, { filter: 'a' })).toThrow(remedy);
  });

  it('takes only plain objects for conditions: a Map, a list or a text would pass as none', () => {
    class Title {
      #value = 'x';
      toString = (): string => this.#value;
    }
    const stray = [new Map([['eq', 1]]), new Set([1]), /x/, Promise.resolve(1), new Title(), new URL('http://x'), (): number => 1, new String(''), Symbol()];
    for (const value of stray) {
      expect(() => cel({ title: value })).toThrow(TypeError);
      expect(() => cel({ title: { eq: value } })).toThrow(TypeError);
    }
    const odd = [undefined, null, [], [{ a: 1 }], '', 'a', 0, true, false, new Map(), new Set(), /x/, new Date(0)];
    for (const value of odd) {
      if (value !== undefined) expect(() => compile(value as never, {})).toThrow('where: it is no Object');
      expect(() => cel({ not: value })).toThrow('where: not is no Object');
      expect(() => cel({ and: [value] })).toThrow('where: and is no Object');
      expect(() => cel({ a: 1, or: [{ b: 2 }, value] })).toThrow('where: or is no Object');
      for (const operator of ['is', 'some', 'every']) expect(() => cel({ author: { [operator]: value } })).toThrow(`where: author.${operator} is no Object`);
    }
    for (const value of [undefined, null, {}, { a: 1 }, 'a', 1, true, new Set([{ a: 1 }])]) {
      for (const name of ['and', 'or']) expect(() => cel({ [name]: value })).toThrow(`where: ${name} is no Array`);
      for (const operator of ['in', 'notIn']) expect(() => cel({ author: { is: { id: { [operator]: value } } } })).toThrow(`where: author.is.id.${operator} is no Array`);
    }
  });

  it('takes objects without a prototype and of another realm', () => {
    expect(cel(Object.assign(Object.create(null) as object, { a: Object.assign(Object.create(null) as object, { gt: 1 }) }))).toBe('a > 1');
    expect(cel(runInNewContext('({ a: { gt: 1 }, or: [{ b: 2 }] })') as object)).toBe('a > 1 && ((b == 2))');
  });

  it('asks that there is a record where nothing is asked of it', () => {
    expect(cel({ author: { is: {} } })).toBe('author != null');
    expect(cel({ author: { is: { boss: { is: {} } } } })).toBe('author.boss != null');
    expect(cel({ comments: { some: {} } })).toBe('comments.exists(x0, true)');
    expect(cel({ not: {} })).toBe('!(true)');
    expect(cel({ id: { in: [] } })).toBe('id in []');
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
