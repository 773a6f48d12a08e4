import { expect, it } from 'vitest';
import { pointing } from './pointing';

const at = (clientX: number, clientY: number) => ({ clientX, clientY }) as PointerEvent;

it('chooses only once the pointer has moved', () => {
  const moved = pointing();
  expect(moved(at(10, 20))).toBe(false);
  expect(moved(at(10, 20))).toBe(false);
  expect(moved(at(10, 21))).toBe(true);
  expect(moved(at(10, 21))).toBe(false);
});
