import { describe, expect, it } from 'vitest';
import { strengthOf } from './strength';

describe('strengthOf', () => {
  it('says how many characters are missing', () => {
    expect(strengthOf('', 'a@b.co').bars).toBe(0);
    expect(strengthOf('1234567', 'a@b.co').words).toBe('1 more character');
  });

  it('sees through repetition and the own name', () => {
    expect(strengthOf('aaaaaaaaaaaaaaaa', 'a@b.co').bars).toBe(1);
    expect(strengthOf('maren-is-here-now', 'maren@harbor.example')).toEqual({ bars: 1, words: 'Holds the address' });
  });

  it('grows with length', () => {
    expect(strengthOf('ocean-9x', 'a@b.co').bars).toBe(2);
    expect(strengthOf('ocean-9x-lime', 'a@b.co').bars).toBe(3);
    expect(strengthOf('ocean-9x-limestone', 'a@b.co').bars).toBe(4);
  });
});
