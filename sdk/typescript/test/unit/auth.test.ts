import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClientOptions, createClient, localStore, memoryStore } from '../../src/index.js';
import { type Reply, type Sent, URL_OF_SERVER, fakeServer, problem, tokens } from './fake-server.js';

const MINUTES_10 = 600_000;

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

function clientOf(answer: (sent: Sent) => Reply | Promise<Reply>, options: ClientOptions = {}) {
  const server = fakeServer(answer);
  return { db: createClient(URL_OF_SERVER, { ...server, ...options }), sent: server.sent };
}

/** A server that accepts the newest token alone and counts the renewals. */
function rotating(expiresIn = 600) {
  let round = 0;
  const state = { renewals: 0, accept: (token: string) => token === `access-${round}` };
  const answer = ({ path, headers, body }: Sent): Reply => {
    if (path === '/auth/login') return tokens(String(round), expiresIn);
    if (path === '/auth/refresh') {
      if ((body as { refreshToken?: string }).refreshToken !== `refresh-${round}`) return problem(401, 'unauthenticated');
      state.renewals++;
      return tokens(String(++round), expiresIn);
    }
    return state.accept(headers.authorization?.slice(7) ?? '') ? { body: { items: [] } } : problem(401, 'unauthenticated');
  };
  return { state, answer };
}

const authorizations = (sent: Sent[], path: string): (string | undefined)[] => sent.filter((request) => request.path === path).map(({ headers }) => headers.authorization);

describe('signing in', () => {
  it('gives the account and sends the token from then on', async () => {
    const { db, sent } = clientOf(rotating().answer);
    const heard: unknown[] = [];
    db.auth.onChange((user) => heard.push(user?.id));
    expect(db.auth.user).toBeNull();
    expect(await db.auth.login('a@b.co', 'secret')).toMatchObject({ id: 'u1' });
    expect(db.auth.user).toMatchObject({ id: 'u1' });
    await db.collection('posts').list();
    expect(sent[0]).toMatchObject({ body: { email: 'a@b.co', password: 'secret' }, headers: { 'content-type': 'application/json' } });
    expect(authorizations(sent, '/records/posts')).toEqual(['Bearer access-0']);
    expect(heard).toEqual(['u1']);
  });

  it('with wrong credentials changes nothing and is not tried again', async () => {
    const { db, sent } = clientOf(() => problem(401, 'invalid_credentials'));
    await expect(db.auth.login('a@b.co', 'wrong')).rejects.toMatchObject({ code: 'invalid_credentials' });
    expect(sent).toHaveLength(1);
    expect(db.auth.user).toBeNull();
  });

  it('is not undone by a listener that throws', async () => {
    const { db } = clientOf(rotating().answer);
    const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
    db.auth.onChange(() => {
      throw new Error('mine');
    });
    await expect(db.auth.login('a@b.co', 'secret')).resolves.toMatchObject({ id: 'u1' });
    vi.useRealTimers();
    expect(await unhandled).toMatchObject({ message: 'mine' });
  });
});

describe('renewal', () => {
  it('happens 30 seconds before the end, and not earlier', async () => {
    const { state, answer } = rotating();
    const { db, sent } = clientOf(answer);
    await db.auth.login('a@b.co', 'secret');
    vi.setSystemTime(MINUTES_10 - 30_001);
    await db.collection('posts').list();
    expect(state.renewals).toBe(0);
    vi.setSystemTime(MINUTES_10 - 30_000);
    await db.collection('posts').list();
    expect(state.renewals).toBe(1);
    expect(authorizations(sent, '/records/posts')).toEqual(['Bearer access-0', 'Bearer access-1']);
  });

  it('happens half-way for tokens that live for less than a minute', async () => {
    const { state, answer } = rotating(10);
    const { db } = clientOf(answer);
    await db.auth.login('a@b.co', 'secret');
    await db.collection('posts').list();
    expect(state.renewals).toBe(0);
    vi.setSystemTime(5000);
    await db.collection('posts').list();
    expect(state.renewals).toBe(1);
  });

  it('happens once for all who wait', async () => {
    const { state, answer } = rotating();
    const { db, sent } = clientOf(answer);
    await db.auth.login('a@b.co', 'secret');
    vi.setSystemTime(MINUTES_10);
    await Promise.all(Array.from({ length: 20 }, () => db.collection('posts').list()));
    expect(state.renewals).toBe(1);
    expect(new Set(authorizations(sent, '/records/posts'))).toEqual(new Set(['Bearer access-1']));
  });

  it('happens once when many requests meet a token that was revoked, and each is tried once more', async () => {
    const { state, answer } = rotating();
    const { db, sent } = clientOf(answer);
    await db.auth.login('a@b.co', 'secret');
    state.accept = (token) => token === 'access-1';
    await Promise.all(Array.from({ length: 20 }, () => db.collection('posts').list()));
    expect(state.renewals).toBe(1);
    expect(sent.filter(({ path }) => path === '/records/posts')).toHaveLength(40);
  });

  it('is not repeated for a request that is refused with the new token too', async () => {
    const { state, answer } = rotating();
    const { db, sent } = clientOf(answer);
    await db.auth.login('a@b.co', 'secret');
    state.accept = () => false;
    await expect(db.collection('posts').create({})).rejects.toMatchObject({ status: 401 });
    expect(state.renewals).toBe(1);
    expect(sent.filter(({ path }) => path === '/records/posts')).toHaveLength(2);
  });

  it('that is refused ends the session', async () => {
    const { db } = clientOf(({ path }) => (path === '/auth/login' ? tokens('0') : problem(401, 'unauthenticated')));
    await db.auth.login('a@b.co', 'secret');
    const heard: unknown[] = [];
    db.auth.onChange((user) => heard.push(user));
    await expect(db.collection('posts').list()).rejects.toMatchObject({ status: 401 });
    expect(heard).toEqual([null]);
    expect(db.auth.user).toBeNull();
  });

  it('that fails for want of a network keeps the session', async () => {
    let down = true;
    const { answer } = rotating();
    const { db } = clientOf((sent) => (down && sent.path === '/auth/refresh' ? new TypeError('fetch failed') : answer(sent)));
    await db.auth.login('a@b.co', 'secret');
    await expect(db.auth.refresh()).rejects.toMatchObject({ code: 'network' });
    expect(db.auth.user).toMatchObject({ id: 'u1' });
    down = false;
    await expect(db.auth.refresh()).resolves.toMatchObject({ id: 'u1' });
  });

  it('does not bring back who signed out meanwhile', async () => {
    let release: (reply: Reply) => void = () => undefined;
    const { db } = clientOf(({ path }) => (path === '/auth/refresh' ? new Promise<Reply>((resolve) => (release = resolve)) : path === '/auth/login' ? tokens('0') : { status: 204 }));
    await db.auth.login('a@b.co', 'secret');
    const renewal = db.auth.refresh();
    await vi.advanceTimersByTimeAsync(0);
    await db.auth.logout();
    release(tokens('1'));
    expect(await renewal).toBeNull();
    expect(db.auth.user).toBeNull();
  });
});

describe('signing out', () => {
  it('forgets the session even when the server cannot be told', async () => {
    const { db, sent } = clientOf(({ path }) => (path === '/auth/login' ? tokens('0') : new TypeError('fetch failed')));
    await db.auth.login('a@b.co', 'secret');
    await expect(db.auth.logout()).rejects.toMatchObject({ code: 'network' });
    expect(db.auth.user).toBeNull();
    expect(sent[1]).toMatchObject({ path: '/auth/logout', body: { refreshToken: 'refresh-0' } });
  });
});

describe('a session in a cookie', () => {
  it('keeps the refresh token out of every body and is taken up after a reload', async () => {
    const { db, sent } = clientOf(({ path }) => (path === '/auth/refresh' ? tokens('1') : { body: { items: [] } }), { session: 'cookie' });
    expect(await db.auth.restore()).toMatchObject({ id: 'u1' });
    await db.collection('posts').list();
    expect(sent.map(({ path, body, credentials }) => [path, body, credentials])).toEqual([
      ['/auth/refresh', {}, 'include'],
      ['/records/posts', undefined, 'same-origin'],
    ]);
  });

  it('is looked for once', async () => {
    const { db, sent } = clientOf(({ path }) => (path === '/auth/refresh' ? problem(401, 'unauthenticated') : { body: { items: [] } }), { session: 'cookie' });
    await Promise.all([db.collection('posts').list(), db.auth.restore(), db.collection('posts').list()]);
    await db.collection('posts').list();
    expect(sent.filter(({ path }) => path === '/auth/refresh')).toHaveLength(1);
    expect(db.auth.user).toBeNull();
  });

  it('is asked for when signing in', async () => {
    const { db, sent } = clientOf(() => tokens('0'), { session: 'cookie' });
    await db.auth.login('a@b.co', 'secret');
    expect(sent[0]).toMatchObject({ body: { email: 'a@b.co', session: 'cookie' }, credentials: 'include' });
  });
});

describe('tabs that share a store', () => {
  /** Locks as the browser has them: one holder at a time, the others wait in line. */
  function stubLocks(): void {
    let line: Promise<unknown> = Promise.resolve();
    const request = (_: string, work: () => Promise<unknown>): Promise<unknown> => (line = line.then(work, work));
    vi.stubGlobal('navigator', { locks: { request } });
  }

  it('renew one after the other, and the second takes what the first has got', async () => {
    stubLocks();
    const { state, answer } = rotating();
    const store = memoryStore();
    const [one, two] = [clientOf(answer, { store }), clientOf(answer, { store })];
    await one.db.auth.login('a@b.co', 'secret');
    vi.setSystemTime(MINUTES_10);
    await Promise.all([one.db.collection('posts').list(), two.db.collection('posts').list()]);
    expect(state.renewals).toBe(1);
    expect(two.sent.map(({ path }) => path)).toEqual(['/records/posts']);
    expect(authorizations(two.sent, '/records/posts')).toEqual(['Bearer access-1']);
  });

  it('hear of one another through localStorage', async () => {
    const page = new EventTarget();
    const kept = new Map<string, string>();
    vi.stubGlobal('localStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value) });
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    const { db } = clientOf(rotating().answer, { store: localStore() });
    const heard: unknown[] = [];
    db.auth.onChange((user) => heard.push(user?.id));
    const other = clientOf(rotating().answer, { store: localStore() });
    await other.db.auth.login('a@b.co', 'secret');
    page.dispatchEvent(Object.assign(new Event('storage'), { key: 'plinth' }));
    page.dispatchEvent(Object.assign(new Event('storage'), { key: 'something else' }));
    expect(heard).toEqual(['u1']);
    kept.set('plinth', 'not JSON');
    expect(db.auth.user).toBeNull();
  });
});

describe('the account', () => {
  it('is kept as last heard of', async () => {
    const me = { id: 'u1', email: 'new@b.co', roles: [] };
    const { db, sent } = clientOf(({ path }) => (path === '/auth/login' ? tokens('0') : { body: me }));
    await db.auth.login('a@b.co', 'secret');
    expect(await db.auth.updateMe({ name: 'N' })).toEqual(me);
    expect(db.auth.user).toEqual(me);
    expect(sent[1]).toMatchObject({ method: 'PATCH', path: '/auth/me', body: { name: 'N' } });
  });

  it('lists and ends its sessions, and changes its password', async () => {
    const { db, sent } = clientOf(({ path, method }) => (path === '/auth/login' ? tokens('0') : method === 'GET' ? { body: { items: [{ id: 's1' }] } } : { status: 204 }));
    await db.auth.login('a@b.co', 'secret');
    expect(await db.auth.sessions()).toEqual([{ id: 's1' }]);
    await db.auth.revokeSession('s1');
    await db.auth.changePassword({ currentPassword: 'secret', newPassword: 'secret2' });
    expect(db.auth.user).not.toBeNull();
    await db.auth.revokeSessions();
    expect(db.auth.user).toBeNull();
    expect(sent.slice(1).map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /auth/sessions', 'DELETE /auth/sessions/s1', 'PATCH /auth/password', 'DELETE /auth/sessions']);
  });
});
