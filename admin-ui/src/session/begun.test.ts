import { afterEach, expect, it, vi } from 'vitest';
import { markBegun, wasBegun } from './begun';

afterEach(() => vi.unstubAllGlobals());

it('is known from sign-in to sign-out', () => {
  const held = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => held.get(key) ?? null,
    setItem: (key: string, value: string) => void held.set(key, value),
    removeItem: (key: string) => void held.delete(key),
  });
  expect(wasBegun()).toBe(false);
  markBegun(true);
  expect(wasBegun()).toBe(true);
  markBegun(false);
  expect(wasBegun()).toBe(false);
  expect(held.size).toBe(0);
});

it('asks every time where storage is blocked', () => {
  const blocked = () => {
    throw new DOMException('blocked', 'SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: blocked, setItem: blocked, removeItem: blocked });
  expect(() => markBegun(true)).not.toThrow();
  expect(wasBegun()).toBe(true);
});
