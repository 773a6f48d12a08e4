import { describe, expect, it } from 'vitest';
import { parse, stringify } from './exactJson';

describe('exact JSON', () => {
  it('keeps every integer of 64 bits', () => {
    const text = '{"a":9223372036854775807,"b":-9223372036854775808,"c":[9007199254740993,9007199254740991]}';
    expect(parse(text)).toEqual({ a: 9223372036854775807n, b: -9223372036854775808n, c: [9007199254740993n, 9007199254740991] });
    expect(stringify(parse(text))).toBe(text);
  });

  it('leaves strings, doubles and small numbers alone', () => {
    const text = '{"a":"9223372036854775807","b":"~~ \\"9223372036854775807\\" ~","c":1.2345678901234567e+30,"d":0.1234567890123456}';
    expect(parse(text)).toEqual(JSON.parse(text));
    expect(JSON.parse(stringify(parse(text)))).toEqual(JSON.parse(text));
  });

  it('cannot be fooled by a text that looks like its mark', () => {
    const value = { '~1': '~9223372036854775807', b: ['~~5', 9223372036854775807n] };
    expect(stringify(value)).toBe('{"~1":"~9223372036854775807","b":["~~5",9223372036854775807]}');
    expect(parse(stringify(value))).toEqual(value);
  });

  it('indents, and has nothing to say of undefined', () => {
    expect(stringify({ a: 9223372036854775807n }, 2)).toBe('{\n  "a": 9223372036854775807\n}');
    expect(stringify(undefined)).toBe('');
  });

  it('refuses what JSON refuses', () => {
    expect(() => parse('{"a":9223372036854775807')).toThrow(SyntaxError);
  });
});
