import { describe, expect, it } from 'vitest';
import { chordOf, printedKeys, type Press } from './chord';

const press = (key: string, with_: Partial<Press> = {}): Press => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...with_,
});

describe('chordOf', () => {
  it('names the platform’s main modifier mod', () => {
    expect(chordOf(press('k', { ctrlKey: true }), false)).toBe('mod+k');
    expect(chordOf(press('k', { metaKey: true }), true)).toBe('mod+k');
    expect(chordOf(press('k', { ctrlKey: true }), true)).toBe('k');
  });

  it('writes shift only where the key does not say it', () => {
    expect(chordOf(press('?', { shiftKey: true }), false)).toBe('?');
    expect(chordOf(press('J', { shiftKey: true }), false)).toBe('shift+j');
    expect(chordOf(press('Enter', { shiftKey: true }), false)).toBe('shift+enter');
  });
});

describe('printedKeys', () => {
  it('prints a sequence as two keys and a chord as one', () => {
    expect(printedKeys('g d', false)).toEqual(['G', 'D']);
    expect(printedKeys('mod+k', false)).toEqual(['Ctrl K']);
    expect(printedKeys('mod+k', true)).toEqual(['⌘K']);
  });
});
