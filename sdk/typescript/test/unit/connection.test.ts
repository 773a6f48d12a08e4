import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Client, type ClientOptions, createClient } from '../../src/index.js';
import { type Reply, type Sent, URL_OF_SERVER, fakeServer, problem, tokens } from './fake-server.js';
import { type Frame, fakeSockets, hello } from './fake-socket.js';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

/** Lets promises settle without moving the clock. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

function setUp(answer: (sent: Sent) => Reply | Promise<Reply> = () => tokens('0'), options: ClientOptions = {}) {
  const server = fakeServer(answer);
  const net = fakeSockets();
  const db = createClient(URL_OF_SERVER, { ...server, WebSocket: net.WebSocket, ...options });
  /** The server greets the newest socket. */
  const greet = async (): Promise<void> => {
    net.last.receive(hello);
    await settle();
  };
  return { db, net, greet, sent: server.sent };
}

/** Subscribes and collects what is heard. */
function listen(db: Client, options: object = {}) {
  const heard: string[] = [];
  const off = db.collection('posts').subscribe(options, {
    event: ({ type, id }) => heard.push(`${type} ${id}`),
    resync: () => heard.push('resync'),
    status: (status, error) => heard.push(error ? `${status} ${error.code}` : status),
  });
  return { heard, off };
}

const subscribed = (sub: string, cursor: string): Frame => ({ op: 'subscribed', sub, cursor });
const live = (sub: string, cursor: string): Frame => ({ op: 'live', sub, cursor });
const change = (sub: string, id: string, cursor: string): Frame => ({ op: 'change', sub, type: 'create', id, record: { id }, cursor, at: '2026-01-01T00:00:00.000Z' });

describe('the socket', () => {
  it('opens with the first subscription, speaks after the greeting, and serves all', async () => {
    const { db, net, greet } = setUp();
    expect(net.sockets).toHaveLength(0);
    const one = listen(db, { where: { a: 1 } });
    listen(db, { select: ['id'] });
    expect(net.last.url).toBe('ws://plinth.test/api/v1/realtime');
    expect(net.last.protocol).toBe('plinth.v1');
    expect(net.last.sent).toEqual([]);
    await greet();
    expect(net.last.sent).toEqual([
      { op: 'subscribe', sub: 's1', collection: 'posts', filter: 'a == 1' },
      { op: 'subscribe', sub: 's2', collection: 'posts', fields: 'id' },
    ]);
    listen(db);
    expect(net.last.sub).toBe('s3');
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'), change('s1', '1', 'c1'));
    expect(one.heard).toEqual(['connecting', 'live', 'create 1']);
    expect(net.sockets).toHaveLength(1);
  });

  it('closes soon after the last one has ended, and opens for the next', async () => {
    const { db, net, greet } = setUp();
    const { off } = listen(db);
    await greet();
    off();
    off();
    expect(net.last.of('unsubscribe')).toEqual([{ op: 'unsubscribe', sub: 's1' }]);
    const next = listen(db);
    await vi.advanceTimersByTimeAsync(5000);
    expect(net.last.closed).toBe(false);
    next.off();
    await vi.advanceTimersByTimeAsync(5000);
    expect(net.last.closed).toBe(true);
    listen(db);
    expect(net.sockets).toHaveLength(2);
  });

  it('is not opened for a signal that is aborted, and lets go when it is', async () => {
    const { db, net, greet } = setUp();
    listen(db, { signal: AbortSignal.abort() });
    expect(net.sockets).toHaveLength(0);
    const controller = new AbortController();
    const { heard } = listen(db, { signal: controller.signal });
    await greet();
    controller.abort();
    expect(net.last.of('unsubscribe')).toHaveLength(1);
    net.last.receive(subscribed('s1', 'c0'), change('s1', '1', 'c1'));
    expect(heard).toEqual(['connecting']);
  });

  it('is asked for when there is none', () => {
    const { fetch } = fakeServer(() => ({}));
    vi.stubGlobal('WebSocket', undefined);
    expect(() => listen(createClient(URL_OF_SERVER, { fetch }))).toThrow('no WebSocket here: use createClient(url, { WebSocket })');
  });
});

describe('a lost connection', () => {
  it('comes back after a drawn delay whose bound doubles, until it is live again', async () => {
    const { db, net, greet } = setUp();
    vi.spyOn(Math, 'random').mockReturnValue(0.999999);
    const { heard } = listen(db);
    const delays: number[] = [];
    for (let i = 0; i < 8; i++) {
      const [before, count] = [Date.now(), net.sockets.length];
      net.last.end();
      while (net.sockets.length === count) await vi.advanceTimersByTimeAsync(1);
      delays.push(Math.round((Date.now() - before) / 1000));
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
    expect(heard.slice(0, 4)).toEqual(['connecting', 'offline', 'connecting', 'offline']);
    await greet();
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'));
    net.last.end();
    await vi.advanceTimersByTimeAsync(1001);
    expect(net.sockets).toHaveLength(10);
  });

  it('resumes each subscription since its own last change, under a new name', async () => {
    const { db, net, greet } = setUp();
    const [one, two] = [listen(db), listen(db)];
    await greet();
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'), subscribed('s2', 'c0'), live('s2', 'c0'));
    net.last.receive(change('s1', '1', 'c1'), change('s2', '1', 'c1'), change('s2', '2', 'c2'));
    const old = net.last;
    old.end(1012);
    await vi.advanceTimersByTimeAsync(1000);
    await greet();
    expect(net.last.of('subscribe').map(({ sub, since }) => [sub, since])).toEqual([
      ['s3', 'c1'],
      ['s4', 'c2'],
    ]);
    // What the old socket, or an old name, still has to say has been asked for again already.
    old.receive(change('s1', '2', 'c2'));
    net.last.receive(change('s1', '2', 'c2'));
    net.last.receive(subscribed('s3', 'c1'), change('s3', '2', 'c2'), live('s3', 'c2'));
    expect(one.heard).toEqual(['connecting', 'live', 'create 1', 'offline', 'connecting', 'create 2', 'live']);
    expect(two.heard).toEqual(['connecting', 'live', 'create 1', 'create 2', 'offline', 'connecting']);
  });

  it('is not reconnected for nobody', async () => {
    const { db, net, greet } = setUp();
    const { off } = listen(db);
    await greet();
    off();
    net.last.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(net.sockets).toHaveLength(1);
  });

  it('is noticed when pings stay without an answer', async () => {
    const { db, net, greet } = setUp();
    const { heard } = listen(db);
    await greet();
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'));
    await vi.advanceTimersByTimeAsync(25_000);
    expect(net.last.of('ping')).toHaveLength(1);
    net.last.receive({ op: 'pong' });
    await vi.advanceTimersByTimeAsync(24_000);
    expect(heard.at(-1)).toBe('live');
    await vi.advanceTimersByTimeAsync(1000 + 10_000);
    expect(heard.at(-1)).not.toBe('live');
    expect(net.sockets[0]?.closed).toBe(true);
  });

  it('is noticed when the server never greets', async () => {
    const { db, net } = setUp();
    listen(db);
    await vi.advanceTimersByTimeAsync(12_000);
    expect(net.sockets).toHaveLength(2);
  });

  it('is mended at once when the network or the page comes back', async () => {
    const page = new EventTarget();
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.spyOn(Math, 'random').mockReturnValue(0.999999);
    const { db, net, greet } = setUp();
    const { off } = listen(db);
    net.last.end();
    page.dispatchEvent(new Event('online'));
    expect(net.sockets).toHaveLength(2);
    await greet();
    page.dispatchEvent(new Event('visibilitychange'));
    expect(net.last.of('ping')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10_000 + 2000);
    expect(net.sockets).toHaveLength(3);
    off();
    await vi.advanceTimersByTimeAsync(2000);
    page.dispatchEvent(new Event('online'));
    expect(net.sockets).toHaveLength(3);
  });
});

describe('the token', () => {
  const rounds = () => {
    let round = 0;
    return (): Reply => tokens(String(round++));
  };

  it('is sent before the subscriptions', async () => {
    const { db, net, greet } = setUp();
    await db.auth.login('a@b.co', 'secret');
    listen(db);
    await greet();
    expect(net.last.sent.map(({ op, token }) => [op, token])).toEqual([
      ['auth', 'access-0'],
      ['subscribe', undefined],
    ]);
  });

  it('does not make a subscription forget the place where it is to start', async () => {
    const { db, net, greet } = setUp();
    await db.auth.login('a@b.co', 'secret');
    const { heard } = listen(db, { since: 'c7' });
    await greet();
    expect(net.last.of('subscribe')).toMatchObject([{ since: 'c7' }]);
    net.last.receive({ op: 'reset', sub: 's1', reason: 'expired' });
    expect(net.last.of('subscribe')[1]).not.toHaveProperty('since');
    net.last.receive(subscribed('s2', 'c9'));
    expect(heard).toEqual(['connecting', 'resync']);
  });

  it('is renewed before it ends, and told to the open socket', async () => {
    const { db, net, greet } = setUp(rounds());
    await db.auth.login('a@b.co', 'secret');
    const { heard } = listen(db);
    await greet();
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'));
    const pong = setInterval(() => net.last.receive({ op: 'pong' }), 1000);
    await vi.advanceTimersByTimeAsync(1_200_000);
    clearInterval(pong);
    expect(net.last.of('auth').map(({ token }) => token)).toEqual(['access-0', 'access-1', 'access-2']);
    expect(net.sockets).toHaveLength(1);
    expect(net.last.of('subscribe')).toHaveLength(1);
    expect(heard).toEqual(['connecting', 'live']);
  });

  it('is renewed when the server says that it has ended, and the subscription resumes', async () => {
    const { db, net, greet } = setUp(rounds());
    await db.auth.login('a@b.co', 'secret');
    const { heard } = listen(db);
    await greet();
    net.last.receive(subscribed('s1', 'c0'), change('s1', '1', 'c1'));
    net.last.end(4401);
    await vi.advanceTimersByTimeAsync(1000);
    await greet();
    expect(net.last.sent).toMatchObject([
      { op: 'auth', token: 'access-1' },
      { op: 'subscribe', since: 'c1' },
    ]);
    expect(heard).not.toContain('resync');
  });

  it('that the server refuses for ever is not renewed without pause', async () => {
    const { db, net, sent } = setUp(rounds());
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await db.auth.login('a@b.co', 'secret');
    listen(db);
    const minute = setInterval(() => {
      if (net.last.closed) return;
      net.last.receive(hello);
      void Promise.resolve().then(() => setTimeout(() => net.last.end(4401), 1));
    }, 10);
    await vi.advanceTimersByTimeAsync(60_000);
    clearInterval(minute);
    expect(sent.length).toBeLessThan(10);
  });

  it('that can not be renewed leaves the caller signed out, and the stream starts anew', async () => {
    const { db, net, greet } = setUp(({ path }) => (path === '/auth/login' ? tokens('0') : problem(401, 'unauthenticated')));
    await db.auth.login('a@b.co', 'secret');
    const { heard } = listen(db);
    await greet();
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'));
    net.last.end(4401);
    await vi.advanceTimersByTimeAsync(1000);
    await greet();
    expect(net.last.sent).toEqual([{ op: 'subscribe', sub: 's2', collection: 'posts' }]);
    net.last.receive(subscribed('s2', 'c5'), live('s2', 'c5'));
    expect(heard).toEqual(['connecting', 'live', 'offline', 'connecting', 'resync', 'live']);
  });

  it('of another account means another connection that reads again', async () => {
    let id = 'u1';
    const { db, net, greet } = setUp(() => tokens(id, 600, id));
    await db.auth.login('a@b.co', 'secret');
    const { heard } = listen(db);
    await greet();
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'), change('s1', '1', 'c1'));
    id = 'u2';
    await db.auth.login('c@d.co', 'secret');
    expect(net.sockets).toHaveLength(2);
    expect(net.sockets[0]?.closed).toBe(true);
    await greet();
    expect(net.last.sent).toEqual([
      { op: 'auth', token: 'access-u2' },
      { op: 'subscribe', sub: 's2', collection: 'posts' },
    ]);
    net.last.receive(subscribed('s2', 'c9'), live('s2', 'c9'));
    expect(heard.slice(-2)).toEqual(['resync', 'live']);
  });
});

describe('a refusal', () => {
  it('of a subscription ends that one alone, until another account signs in', async () => {
    const { db, net, greet } = setUp();
    const [one, two] = [listen(db), listen(db)];
    await greet();
    net.last.receive({ op: 'error', sub: 's1', problem: { status: 404, code: 'not_found' } }, subscribed('s2', 'c0'), live('s2', 'c0'));
    expect(one.heard).toEqual(['connecting', 'denied not_found']);
    expect(two.heard).toEqual(['connecting', 'live']);
    one.off();
    expect(net.last.of('unsubscribe')).toEqual([]);
    await db.auth.login('a@b.co', 'secret');
    await greet();
    expect(net.last.of('subscribe')).toHaveLength(1);
  });

  it('because the server is busy is tried again', async () => {
    const { db, net, greet } = setUp();
    const { heard } = listen(db);
    await greet();
    net.last.receive({ op: 'error', sub: 's1', problem: { status: 429, code: 'rate_limited' } });
    await vi.advanceTimersByTimeAsync(1000);
    expect(net.last.of('subscribe').map(({ sub }) => sub)).toEqual(['s1', 's2']);
    net.last.receive(subscribed('s2', 'c0'), live('s2', 'c0'));
    expect(heard).toEqual(['connecting', 'live']);
  });

  it('is final for its account: it outlives a lost connection, and holds none open', async () => {
    const { db, net, greet } = setUp();
    const [one, two] = [listen(db), listen(db)];
    const denied = { op: 'error', sub: 's1', problem: { status: 404, code: 'not_found' } };
    await greet();
    net.last.receive(denied, subscribed('s2', 'c0'), live('s2', 'c0'));
    net.last.end();
    await vi.advanceTimersByTimeAsync(1000);
    await greet();
    expect(net.last.of('subscribe')).toHaveLength(1);
    expect(one.heard).toEqual(['connecting', 'denied not_found']);
    two.off();
    await vi.advanceTimersByTimeAsync(1000);
    expect(net.last.closed).toBe(true);
    await db.auth.login('a@b.co', 'secret');
    expect(net.sockets).toHaveLength(3);
    await greet();
    expect(net.last.of('subscribe')).toHaveLength(1);
    one.off();
    expect(net.last.of('unsubscribe')).toHaveLength(1);
  });

  it('of the token on an open socket renews it, and nothing is denied meanwhile', async () => {
    let round = 0;
    const { db, net, greet } = setUp(() => tokens(String(round++)));
    await db.auth.login('a@b.co', 'secret');
    const { heard } = listen(db);
    await greet();
    net.last.receive({ op: 'error', problem: { status: 401, code: 'unauthenticated' } }, { op: 'error', sub: 's1', problem: { status: 404, code: 'not_found' } });
    await vi.advanceTimersByTimeAsync(1000);
    await greet();
    expect(net.last.of('auth')).toMatchObject([{ token: 'access-1' }]);
    expect(heard).toEqual(['connecting', 'offline', 'connecting']);
  });

  it('of the connection is tried again ever more seldom', async () => {
    const { db, net } = setUp();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    listen(db);
    for (let second = 0; second < 120; second++) {
      if (!net.last.closed) net.last.end(4403);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(net.sockets.length).toBeGreaterThan(5);
    expect(net.sockets.length).toBeLessThan(15);
  });

  it('by reset opens the subscription again on the same socket', async () => {
    const { db, net, greet } = setUp();
    const { heard } = listen(db);
    await greet();
    net.last.receive(subscribed('s1', 'c0'), live('s1', 'c0'), { op: 'reset', sub: 's1', reason: 'schema' });
    expect(net.last.of('subscribe')).toHaveLength(2);
    expect(net.last.of('unsubscribe')).toEqual([]);
    net.last.receive(change('s1', '1', 'c1'), subscribed('s2', 'c2'), live('s2', 'c2'));
    expect(heard).toEqual(['connecting', 'live', 'connecting', 'resync', 'live']);
  });
});
