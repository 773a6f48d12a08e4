import { describe, expect, it } from 'vitest';
import { double, literalOf, quoted, unquoted } from './literal';

describe('quoted and unquoted', () => {
  it('are each other’s way back for any text', () => {
    for (const text of ['', 'a', 'say "hi"', "it's", 'back\\slash', 'line\nbreak', 'tab\t', 'é 😀', '\\"', '\u2028']) {
      expect(unquoted(quoted(text))).toBe(text);
    }
  });

  it('read single quotes as well', () => {
    expect(unquoted("'a \"b\" c'")).toBe('a "b" c');
    expect(unquoted("'it\\'s'")).toBe("it's");
  });

  it('know what is no string', () => {
    for (const source of ['', '"', 'abc', '"a" + "b"', '"a', '"\\x41"']) expect(unquoted(source), source).toBeNull();
  });
});

describe('literalOf', () => {
  it('writes values as their kind wants them', () => {
    expect(literalOf('text', 'a"b')).toBe('"a\\"b"');
    expect(literalOf('integer', 9223372036854775807n)).toBe('9223372036854775807');
    expect(literalOf('number', 10)).toBe('10.0');
    expect(literalOf('boolean', false)).toBe('false');
    expect(literalOf('dateTime', '2026-01-01T00:00:00.000Z')).toBe('timestamp("2026-01-01T00:00:00.000Z")');
    expect(literalOf('relation', null)).toBe('null');
    expect(literalOf('list', ['a'])).toBeNull();
  });

  it('keeps a double a double', () => {
    expect(double(1e21)).toBe('1e+21');
    expect(double(-3)).toBe('-3.0');
    expect(double(0.5)).toBe('0.5');
  });
});
