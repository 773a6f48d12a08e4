import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Change, type Resync, createClient } from '../../src/index.js';
import { URL_OF_SERVER, fakeServer } from './fake-server.js';
import { type Frame, fakeSockets, hello } from './fake-socket.js';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

function setUp() {
  const net = fakeSockets();
  const db = createClient(URL_OF_SERVER, { ...fakeServer(() => ({})), WebSocket: net.WebSocket });
  const greet = async (): Promise<void> => {
    net.last.receive(hello);
    await settle();
  };
  return { posts: db.collection('posts'), net, greet };
}

interface Item {
  id: string;
  n?: number | null;
}

const change = (sub: string, type: string, record: Item, cursor: string): Frame => ({ op: 'change', sub, type, id: record.id, ...(type !== 'delete' && { record }), cursor, at: '' });
const snapshot = (sub: string, ...items: Item[]): Frame[] => [
  { op: 'subscribed', sub, cursor: 'c0' },
  { op: 'snapshot', sub, items, last: true },
  { op: 'live', sub, cursor: 'c0' },
];
const numbered = (from: number, to: number): Item[] => Array.from({ length: to - from + 1 }, (_, i) => ({ id: String(from + i), n: from + i }));

describe('a feed', () => {
  it('subscribes when it is iterated, gives changes in order, and ends with the loop', async () => {
    const { posts, net, greet } = setUp();
    const feed = posts.subscribe();
    expect(net.sockets).toHaveLength(0);
    const seen: string[] = [];
    const loop = (async () => {
      for await (const item of feed) {
        seen.push(item.type === 'resync' ? item.type : item.id);
        if (seen.length === 4) break;
      }
    })();
    await greet();
    net.last.receive({ op: 'subscribed', sub: 's1', cursor: 'c0' }, change('s1', 'create', { id: '1' }, 'c1'), change('s1', 'delete', { id: '1' }, 'c2'));
    await settle();
    expect(seen).toEqual(['1', '1']);
    net.last.receive({ op: 'reset', sub: 's1', reason: 'schema' }, { op: 'subscribed', sub: 's2', cursor: 'c9' }, change('s2', 'create', { id: '9' }, 'c10'));
    await loop;
    expect(seen).toEqual(['1', '1', 'resync', '9']);
    expect(net.last.of('unsubscribe')).toEqual([{ op: 'unsubscribe', sub: 's2' }]);
  });

  it('ends quietly when its signal is aborted', async () => {
    const { posts, net, greet } = setUp();
    const controller = new AbortController();
    const loop = (async () => {
      const seen: (Change<object> | Resync)[] = [];
      for await (const item of posts.subscribe({ signal: controller.signal })) seen.push(item);
      return seen;
    })();
    await greet();
    controller.abort();
    expect(await loop).toEqual([]);
    expect(net.last.of('unsubscribe')).toHaveLength(1);
  });

  it('throws a refusal into the loop', async () => {
    const { posts, net, greet } = setUp();
    const loop = (async () => {
      for await (const item of posts.subscribe()) expect(item).toBeUndefined();
    })();
    const thrown = expect(loop).rejects.toMatchObject({ name: 'PlinthError', code: 'invalid_filter' });
    await greet();
    net.last.receive({ op: 'error', sub: 's1', problem: { status: 400, code: 'invalid_filter' } });
    await thrown;
  });

  it('lets the log wait, not our memory, when the consumer is slow', async () => {
    const { posts, net, greet } = setUp();
    let go: () => void = () => undefined;
    const seen: string[] = [];
    void (async () => {
      for await (const item of posts.subscribe()) {
        seen.push(item.type === 'resync' ? item.type : item.id);
        if (seen.length === 1) await new Promise<void>((resolve) => (go = resolve));
      }
    })();
    await greet();
    net.last.receive({ op: 'subscribed', sub: 's1', cursor: 'c0' }, change('s1', 'create', { id: '0' }, 'c0'));
    await settle();
    for (const { id } of numbered(1, 1200)) net.last.receive(change('s1', 'create', { id }, `c${id}`));
    expect(net.last.of('unsubscribe')).toEqual([{ op: 'unsubscribe', sub: 's1' }]);
    expect(net.last.of('subscribe')).toHaveLength(1);
    go();
    await settle();
    expect(seen).toHaveLength(1001);
    expect(net.last.of('subscribe')[1]).toMatchObject({ sub: 's2', since: 'c1000' });
  });
});

describe('a live list', () => {
  it('is a snapshot and the changes after it, in the order of the server', async () => {
    const { posts, net, greet } = setUp();
    const list = posts.live({ where: { a: 1 }, orderBy: ['-n'], limit: 3 });
    expect(list.loaded).toBe(false);
    await greet();
    expect(net.last.of('subscribe')[0]).toMatchObject({ filter: 'a == 1', sort: '-n', limit: 23, snapshot: true });
    net.last.receive(...snapshot('s1', { id: 'a', n: 3 }, { id: 'b', n: 1 }));
    const ids = (): string => list.records.map(({ id }) => id).join('');
    expect([list.loaded, list.status, ids()]).toEqual([true, 'live', 'ab']);
    net.last.receive(change('s1', 'create', { id: 'c', n: 2 }, 'c1'));
    expect(ids()).toBe('acb');
    net.last.receive(change('s1', 'create', { id: 'd', n: null }, 'c2'));
    expect(ids()).toBe('acb');
    net.last.receive(change('s1', 'update', { id: 'b', n: 9 }, 'c3'));
    expect(ids()).toBe('bac');
    net.last.receive(change('s1', 'delete', { id: 'a' }, 'c4'));
    expect(ids()).toBe('bcd');
    net.last.receive(change('s1', 'delete', { id: 'unknown' }, 'c5'), change('s1', 'create', { id: 'c2', n: 2 }, 'c6'));
    expect(ids()).toBe('bc2c');
  });

  it('gives a new array for a change and the same one until then', async () => {
    const { posts, net, greet } = setUp();
    const list = posts.live();
    const heard: (readonly unknown[])[] = [];
    const off = list.subscribe((records) => heard.push(records));
    await greet();
    net.last.receive(...snapshot('s1', { id: '1' }));
    const before = list.records;
    expect(heard.at(-1)).toBe(before);
    expect(list.records).toBe(before);
    net.last.receive(change('s1', 'update', { id: '1', n: 1 }, 'c1'));
    expect(list.records).not.toBe(before);
    expect(before).toEqual([{ id: '1' }]);
    off();
    const count = heard.length;
    net.last.receive(change('s1', 'update', { id: '1', n: 2 }, 'c2'));
    expect(heard).toHaveLength(count);
  });

  it('knows some records more than it shows, and takes a new snapshot when these are used up', async () => {
    const { posts, net, greet } = setUp();
    const list = posts.live({ orderBy: ['n'], limit: 2 });
    await greet();
    net.last.receive(...snapshot('s1', ...numbered(1, 22)));
    for (let id = 1; id <= 20; id++) net.last.receive(change('s1', 'delete', { id: String(id) }, `c${id}`));
    expect(list.records.map(({ id }) => id)).toEqual(['21', '22']);
    // Behind the last known record others may stand that were never told of.
    net.last.receive(change('s1', 'create', { id: '99', n: 99 }, 'c50'));
    expect(net.last.of('subscribe')).toHaveLength(1);
    net.last.receive(change('s1', 'delete', { id: '21' }, 'c51'));
    expect(list.records.map(({ id }) => id)).toEqual(['22']);
    expect(net.last.of('subscribe')).toHaveLength(2);
    expect(net.last.of('unsubscribe')).toHaveLength(1);
    expect(list.status).toBe('live');
    net.last.receive(...snapshot('s2', ...numbered(22, 43)));
    expect(list.records.map(({ id }) => id)).toEqual(['22', '23']);
  });

  it('keeps the last known record when it changes in place', async () => {
    const { posts, net, greet } = setUp();
    const list = posts.live({ orderBy: ['n'], limit: 30 });
    await greet();
    net.last.receive(...snapshot('s1', ...numbered(1, 50)));
    net.last.receive(change('s1', 'update', { id: '50', n: 50 }, 'c1'), change('s1', 'update', { id: '1', n: 49.5 }, 'c2'));
    for (let id = 2; id <= 21; id++) net.last.receive(change('s1', 'delete', { id: String(id) }, `c${id}`));
    expect(list.records.map(({ id }) => id).slice(-2)).toEqual(['1', '50']);
    expect(net.last.of('subscribe')).toHaveLength(1);
  });

  it('knows all there is when the snapshot was not full, until more came than it keeps', async () => {
    const { posts, net, greet } = setUp();
    const list = posts.live({ orderBy: ['n'], limit: 1 });
    await greet();
    net.last.receive(...snapshot('s1', ...numbered(1, 20)));
    net.last.receive(change('s1', 'create', { id: '30', n: 30 }, 'c1'), change('s1', 'create', { id: '40', n: 40 }, 'c2'));
    for (let id = 1; id <= 20; id++) net.last.receive(change('s1', 'delete', { id: String(id) }, 'c3'));
    expect(list.records.map(({ id }) => id)).toEqual(['30']);
    net.last.receive(change('s1', 'delete', { id: '30' }, 'c4'));
    expect(list.records).toEqual([]);
    expect(net.last.of('subscribe')).toHaveLength(2);
  });

  it('shows the last records while it is offline, and goes on from there', async () => {
    const { posts, net, greet } = setUp();
    const list = posts.live({ orderBy: ['n'] });
    await greet();
    net.last.receive(...snapshot('s1', { id: '1', n: 1 }));
    net.last.end();
    expect([list.status, list.records.length]).toEqual(['offline', 1]);
    await vi.advanceTimersByTimeAsync(1000);
    await greet();
    expect(net.last.of('subscribe')[0]).toMatchObject({ since: 'c0' });
    net.last.receive({ op: 'subscribed', sub: 's2', cursor: 'c0' }, change('s2', 'create', { id: '2', n: 2 }, 'c1'), { op: 'live', sub: 's2', cursor: 'c1' });
    expect([list.status, list.records.length]).toEqual(['live', 2]);
  });

  it('asks for what it orders by, also when that is not selected', async () => {
    const { posts, net, greet } = setUp();
    posts.live({ select: ['title', 'id'], orderBy: ['-n', 'title'] });
    await greet();
    expect(net.last.of('subscribe')[0]).toMatchObject({ fields: 'id,n,title' });
  });

  it('can be iterated, and ends with close, with the signal, and with a refusal', async () => {
    const { posts, net, greet } = setUp();
    const controller = new AbortController();
    const [closed, aborted, refused] = [posts.live(), posts.live({ signal: controller.signal }), posts.live()];
    const lengths = async (list: typeof closed): Promise<number[]> => {
      const seen: number[] = [];
      for await (const records of list) seen.push(records.length);
      return seen;
    };
    const [one, two, three] = [lengths(closed), lengths(aborted), lengths(refused)];
    three.catch(() => undefined);
    await greet();
    net.last.receive(...snapshot('s1', { id: '1' }), ...snapshot('s2'), { op: 'error', sub: 's3', problem: { status: 404, code: 'not_found' } });
    await settle();
    net.last.receive(change('s1', 'create', { id: '2' }, 'c1'));
    await settle();
    closed.close();
    controller.abort();
    expect(await one).toEqual([1, 2]);
    expect(await two).toEqual([0]);
    await expect(three).rejects.toMatchObject({ code: 'not_found' });
    expect([refused.status, refused.error?.code]).toEqual(['denied', 'not_found']);
    expect(net.last.of('unsubscribe').map(({ sub }) => sub)).toEqual(['s1', 's2']);
  });
});
