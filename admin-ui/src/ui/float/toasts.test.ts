import { beforeEach, expect, it, vi } from 'vitest';
import { Toasts } from './toasts.svelte';

beforeEach(() => {
  vi.useFakeTimers();
});

const shown = (toasts: Toasts) => toasts.list.map(({ text, said, left }) => [text, said.length, left]);

it('counts the same news in one toast, and gives it its time anew', () => {
  const toasts = new Toasts();
  toasts.say('Copied');
  vi.advanceTimersByTime(3000);
  toasts.say('Other');
  toasts.say('Copied');
  expect(shown(toasts)).toEqual([
    ['Copied', 2, 6],
    ['Other', 1, 6],
  ]);
  vi.advanceTimersByTime(6000);
  expect(toasts.list).toEqual([]);
});

it('takes back one time after the other, the last first', async () => {
  const toasts = new Toasts();
  const undone: number[] = [];
  for (const step of [1, 2, 3]) toasts.say('1 rule saved', () => void undone.push(step));
  expect(shown(toasts)).toEqual([['1 rule saved', 3, 30]]);
  for (let toast = toasts.list[0]; toast; toast = toasts.list[0]) await toasts.undo(toast);
  expect(undone).toEqual([3, 2, 1]);
});

it('closes what was said under an id, and no other time of it', () => {
  const toasts = new Toasts();
  const first = toasts.say('likes set to 5', () => undefined);
  toasts.say('likes set to 5', () => undefined);
  toasts.close(first);
  expect(shown(toasts)).toEqual([['likes set to 5', 1, 30]]);
});

it('keeps apart what differs in its reason, its undo or its way on', () => {
  const toasts = new Toasts();
  toasts.fail('Not saved', new Error('a'));
  toasts.fail('Not saved', new Error('a'));
  toasts.fail('Not saved', new Error('b'));
  toasts.fail('Not saved', new Error('b'), { label: 'Compare', run: () => undefined });
  expect(toasts.list.map(({ said }) => said.length)).toEqual([2, 1, 1]);
  toasts.say('Not saved', () => undefined);
  expect(toasts.list).toHaveLength(4);
});
