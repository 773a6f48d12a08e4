import { PlinthError, type Handlers } from '@plinth/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Row } from './rows';

interface Page {
  items: Row[];
  nextCursor: string | null;
  total?: number;
}
const lists: { options: Record<string, unknown>; answer: (page: Page) => void; fail: (error: unknown) => void }[] = [];
const subscriptions: { handlers: Handlers<Row>; ended: boolean }[] = [];

vi.mock('../../../session/exactWire', () => ({ fromWire: (value: unknown) => value }));
vi.mock('../../../session/client', () => ({
  client: {
    collection: () => ({
      list: (options: Record<string, unknown>) => new Promise<Page>((answer, fail) => lists.push({ options, answer, fail })),
      subscribe: (_: object, handlers: Handlers<Row>) => {
        const subscription = { handlers, ended: false };
        subscriptions.push(subscription);
        return () => (subscription.ended = true);
      },
    }),
  },
}));
const { Feed } = await import('./feed.svelte');

const question = { filter: '', sort: [{ field: 'n', descending: false }], expand: {} };
const row = (id: string, n: number): Row => ({ id, n });
const page = (...items: Row[]): Page => ({ items, nextCursor: null });
const ids = (feed: InstanceType<typeof Feed>) => feed.rows.entries.map(({ record }) => record.id).join('');
const settle = () => vi.advanceTimersByTimeAsync(100);
const change = (type: 'create' | 'update', record: Row) => ({ type, id: record.id, record, cursor: 'c', at: '' }) as never;

beforeEach(() => {
  vi.useFakeTimers();
  lists.length = subscriptions.length = 0;
});
afterEach(() => vi.useRealTimers());

/** A feed whose first question was answered and is live. */
async function running() {
  const feed = new Feed('c');
  feed.ask(question);
  subscriptions[0]?.handlers.status?.('live');
  lists.at(-1)?.answer(page(row('a', 1)));
  await settle();
  return feed;
}

describe('Feed', () => {
  it('lists again when the subscription is live, so that nothing falls between', async () => {
    const feed = new Feed('c');
    feed.ask(question);
    expect(lists).toHaveLength(1);
    lists[0]?.answer(page(row('a', 1)));
    await settle();
    expect(ids(feed)).toBe('a');
    subscriptions[0]?.handlers.status?.('live');
    expect(lists).toHaveLength(2);
    lists[1]?.answer(page(row('a', 1), row('b', 2)));
    await settle();
    expect(ids(feed)).toBe('ab');
    subscriptions[0]?.handlers.status?.('live');
    expect(lists).toHaveLength(2);
  });

  it('takes the later of two lists, whichever is answered first', async () => {
    const feed = new Feed('c');
    feed.ask(question);
    subscriptions[0]?.handlers.status?.('live');
    lists[1]?.answer(page(row('b', 2)));
    await settle();
    lists[0]?.answer(page(row('a', 1)));
    await settle();
    expect(ids(feed)).toBe('b');
    expect(feed.loading).toBe(false);
  });

  it('waits for the subscription where the socket is open, but not for ever', async () => {
    const feed = await running();
    const before = lists.length;
    feed.ask({ ...question, filter: 'n > 1' });
    expect(subscriptions[0]?.ended).toBe(true);
    expect(lists).toHaveLength(before);
    expect(ids(feed)).toBe('a');
    await vi.advanceTimersByTimeAsync(300);
    expect(lists).toHaveLength(before + 1);
    expect(lists.at(-1)?.options.filter).toBe('n > 1');
  });

  it('keeps what changed before the first page was there', async () => {
    const feed = new Feed('c');
    feed.ask(question);
    subscriptions[0]?.handlers.status?.('live');
    subscriptions[0]?.handlers.event?.(change('update', { ...row('a', 1), t: 'new' }));
    await settle();
    lists.at(-1)?.answer(page(row('a', 1)));
    await settle();
    expect(feed.rows.entries[0]?.record.t).toBe('new');
  });

  it('drops the answer to an earlier question', async () => {
    const feed = new Feed('c');
    feed.ask(question);
    feed.ask({ ...question, filter: 'n > 1' });
    lists[0]?.answer(page(row('old', 1)));
    lists[1]?.answer(page(row('new', 2)));
    await settle();
    expect(ids(feed)).toBe('new');
  });

  it('says when records come or go, not when they change', async () => {
    const heard = vi.fn();
    const feed = new Feed('c', { onamount: heard });
    feed.ask(question);
    subscriptions[0]?.handlers.status?.('live');
    lists.at(-1)?.answer(page(row('a', 1)));
    await settle();
    subscriptions[0]?.handlers.event?.(change('update', row('a', 2)));
    await settle();
    expect(heard).not.toHaveBeenCalled();
    subscriptions[0]?.handlers.event?.(change('create', row('b', 1)));
    await settle();
    expect(heard).toHaveBeenCalledOnce();
  });

  it('reads all again after a resync, and says so', async () => {
    const heard = vi.fn();
    const feed = new Feed('c', { onresync: heard });
    feed.ask(question);
    subscriptions[0]?.handlers.resync?.();
    expect(heard).toHaveBeenCalledOnce();
    expect(subscriptions).toHaveLength(2);
  });

  it('keeps the rows when a list fails, and asks again when the connection is back', async () => {
    const feed = await running();
    feed.reload();
    subscriptions.at(-1)?.handlers.status?.('offline');
    lists.at(-1)?.fail(new PlinthError({ status: 0, code: 'network' }));
    await settle();
    expect(ids(feed)).toBe('a');
    expect(feed.error).toBeDefined();
    subscriptions.at(-1)?.handlers.status?.('live');
    lists.at(-1)?.answer(page(row('b', 2)));
    await settle();
    expect(ids(feed)).toBe('b');
    expect(feed.error).toBeUndefined();
  });

  it('shows at once what comes where nothing was, and lets it wait where something is', async () => {
    const feed = await running();
    subscriptions.at(-1)?.handlers.event?.(change('create', row('b', 2)));
    await settle();
    expect(ids(feed)).toBe('a');
    expect(feed.rows.waiting.size).toBe(1);
    feed.reveal();
    expect(ids(feed)).toBe('ab');
    feed.remove(['a', 'b']);
    subscriptions.at(-1)?.handlers.event?.(change('create', row('c', 3)));
    await settle();
    expect(ids(feed)).toBe('c');
  });

  it('sweeps shadows, unless it is held', async () => {
    const feed = await running();
    feed.hold(true);
    subscriptions.at(-1)?.handlers.event?.({ type: 'delete', id: 'a', cursor: 'c', at: '' });
    await vi.advanceTimersByTimeAsync(3000);
    expect(feed.rows.entries[0]?.gone).toBe(true);
    feed.hold(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(ids(feed)).toBe('');
  });
});
