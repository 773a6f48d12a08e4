import { describe, expect, it } from 'vitest';
import { linesOf, parseSource, SourceError } from './source';

const text = `{
  "type": "object",
  "properties": {
    "a/b": { "type": "string", "maxLength": 9 },
    "c": {
      "enum": ["x", "y"]
    }
  }
}`;

describe('parseSource', () => {
  it('gives the same value as JSON.parse', () => {
    expect(parseSource(text).value).toEqual(JSON.parse(text));
    const tricky = '{"__proto__": 1, "a": [true, null, -1.5e3, "\\u00e9\\n"], "": {}}';
    expect(JSON.stringify(parseSource(tricky).value)).toBe(JSON.stringify(JSON.parse(tricky)));
  });

  it('knows the place of every value', () => {
    const { places } = parseSource(text);
    const place = places.get('/properties/a~1b/maxLength');
    expect(place && text.slice(place.keyFrom, place.to)).toBe('"maxLength": 9');
    const c = places.get('/properties/c');
    expect(c && linesOf(text, c)).toEqual({ from: 5, to: 7 });
    expect(places.has('/properties/c/enum/1')).toBe(true);
  });

  it('finds names that occur twice and integers that would lose digits', () => {
    expect(parseSource('{"a": 1, "a": 2}').duplicates.map(({ pointer }) => pointer)).toEqual(['/a']);
    expect(parseSource('{"m": 9223372036854775807}').inexact.map(({ pointer }) => pointer)).toEqual(['/m']);
  });

  it.each([
    ['{"a": }', 6, 'A value is missing here'],
    ['{"a": 1,}', 8, 'A member name in double quotes is missing here'],
    ['{"a" 1}', 5, 'A colon is missing here'],
    ['[1 2]', 3, 'A comma or a closing bracket is missing here'],
    ['{} x', 3, 'Nothing may follow the closing brace'],
    ['{"a": "x', 6, 'The text is not closed'],
  ])('says where %s is broken', (broken, at, message) => {
    let error: unknown;
    try {
      parseSource(broken);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({ at, message });
  });

  it('refuses depth that would exhaust the stack', () => {
    expect(() => parseSource('['.repeat(5000))).toThrow('Nested deeper than 64');
  });
});
