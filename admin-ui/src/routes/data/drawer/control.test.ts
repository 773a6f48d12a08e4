import { describe, expect, it } from 'vitest';
import { isLong, segments } from './control';

describe('isLong', () => {
  it('goes by what is there before what could be', () => {
    expect(isLong({ maxLength: 40 }, 'a\nb')).toBe(true);
    expect(isLong({}, 'x'.repeat(80))).toBe(true);
    expect(isLong({ maxLength: 2000 }, '')).toBe(true);
    expect(isLong({ maxLength: 80 }, 'a')).toBe(false);
    expect(isLong({}, 'a')).toBe(false);
    expect(isLong({ maxLength: 2000, format: 'uri' }, '')).toBe(false);
  });
});

describe('segments', () => {
  it('are for few and short choices', () => {
    expect(segments(['text', 'image', 'system'])).toBe(true);
    expect(segments(['a', 'b', 'c', 'd', 'e'])).toBe(false);
    expect(segments(['a very long choice indeed', 'another of that length'])).toBe(false);
  });
});
