import { describe, expect, it } from 'vitest';
import { momentText } from './moment';
import { plainText, shortText, tableText } from './text';

describe('plainText and shortText', () => {
  it('tell the kinds of nothing apart only where they are shown', () => {
    expect(plainText(null)).toBe('');
    expect(shortText({ kind: 'text' }, null)).toBe('NULL');
    expect(shortText({ kind: 'text' }, '')).toBe('""');
    expect(shortText({ kind: 'list' }, [])).toBe('[]');
  });

  it('keep big integers, and cut what is long', () => {
    expect(plainText({ a: 9223372036854775807n })).toBe('{"a":9223372036854775807}');
    expect(shortText({ kind: 'text' }, 'a\n  b'.padEnd(100, 'x'), 10)).toBe('a bxxxxxx…');
  });
});

describe('momentText', () => {
  const now = new Date(2026, 10, 22, 18, 0, 0);
  const at = (...parts: [number, number, number, number, number, number]) => momentText(new Date(...parts).toISOString(), now);

  it('says no more than is needed', () => {
    expect(at(2026, 10, 22, 17, 24, 51)).toBe('17:24:51');
    expect(at(2026, 10, 21, 17, 24, 51)).toBe('21 Nov, 17:24');
    expect(at(2024, 10, 21, 17, 24, 51)).toBe('21 Nov 2024, 17:24');
    expect(momentText('soon', now)).toBe('soon');
  });
});

describe('tableText', () => {
  it('parts values by tabs and quotes what would break the lines', () => {
    const rows = [
      { a: 'plain', b: 1, c: null },
      { a: 'two\nlines', b: 'say "hi"', c: ['x'] },
    ];
    expect(tableText(rows, ['a', 'b', 'c'])).toBe('plain\t1\t\n"two\nlines"\t"say ""hi"""\t"[""x""]"');
  });
});
