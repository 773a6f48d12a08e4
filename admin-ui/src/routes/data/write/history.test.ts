import { beforeEach, expect, it, vi } from 'vitest';

const said: string[] = [];
vi.mock('../../../ui/float/toasts.svelte', () => ({
  toasts: { say: (text: string) => said.push(text), fail: (text: string) => said.push(text), close: () => undefined },
}));
const { History } = await import('./history.svelte');

let log: string[];
const step = (text: string) => ({
  text,
  back: () => Promise.resolve(void log.push(`${text} back`)),
  forth: () => Promise.resolve(void log.push(`${text} forth`)),
});

beforeEach(() => {
  log = [];
  said.length = 0;
});

it('takes back the last step, and does it again', async () => {
  const history = new History();
  history.add(step('one'));
  history.add(step('two'));
  await history.undo();
  await history.undo();
  await history.undo();
  await history.redo();
  expect(log).toEqual(['two back', 'one back', 'one forth']);
});

it('waits for a write under way, and takes that back', async () => {
  const history = new History();
  history.add(step('before'));
  let answer = () => {};
  const write = new Promise<void>((resolve) => (answer = resolve)).then(() => history.add(step('written')));
  const followed = history.during(write);
  const undone = history.undo();
  await Promise.resolve();
  expect(log).toEqual([]);
  answer();
  await Promise.all([followed, undone]);
  expect(log).toEqual(['written back']);
});

it('goes on after a step that could not be taken back', async () => {
  const history = new History();
  history.add(step('one'));
  history.add({ ...step('two'), back: () => Promise.reject(new Error('refused')) });
  await history.undo();
  expect(said.at(-1)).toBe('Not undone: two');
  await history.undo();
  expect(log).toEqual([]);
  await expect(history.during(Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  history.add(step('three'));
  await history.undo();
  expect(log).toEqual(['three back']);
});
