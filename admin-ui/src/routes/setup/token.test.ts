import { expect, it } from 'vitest';
import { tokenOfHash, tokenOfText } from './token';

it('reads the token of the address', () => {
  expect(tokenOfHash('#token=abc-1')).toBe('abc-1');
  expect(tokenOfHash('')).toBe('');
});

it('takes a pasted link or the bare token', () => {
  expect(tokenOfText(' http://127.0.0.1:8080/_/setup#token=abc-1 ')).toBe('abc-1');
  expect(tokenOfText('abc-1')).toBe('abc-1');
});
