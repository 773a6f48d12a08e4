import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PlinthError, createClient } from '../../src/index.js';
import { type Reply, URL_OF_SERVER, fakeServer, problem } from './fake-server.js';

const offline = new TypeError('fetch failed');

/** A client whose server gives these replies, one after the other, and the last for ever. */
function clientOf(...replies: Reply[]) {
  const server = fakeServer(() => (replies.length > 1 ? replies.shift() : replies[0]) ?? {});
  return { ...server, posts: createClient(URL_OF_SERVER, server).collection('posts'), db: createClient(`${URL_OF_SERVER}/`, server) };
}

const failure = async (work: Promise<unknown>): Promise<PlinthError> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PlinthError);
  return error as PlinthError;
};

describe('errors', () => {
  it('carry the whole problem document', async () => {
    const errors = [{ pointer: '/title', code: 'required', message: 'is missing' }];
    const error = await failure(clientOf(problem(422, 'validation_failed', { detail: 'Nothing was written.', errors })).posts.create({}));
    expect(error).toMatchObject({ name: 'PlinthError', message: 'Nothing was written.', status: 422, code: 'validation_failed', requestId: 'r1', errors, isConflict: false });
  });

  it('tell a conflict and a missing record apart', async () => {
    expect((await failure(clientOf(problem(412, 'precondition_failed')).posts.update('1', {}))).isConflict).toBe(true);
    expect((await failure(clientOf(problem(409, 'conflict')).posts.create({}))).isConflict).toBe(true);
    expect((await failure(clientOf(problem(404, 'not_found')).posts.get('1'))).isNotFound).toBe(true);
  });

  it('name a failed network', async () => {
    const error = await failure(clientOf(offline).posts.create({}));
    expect(error).toMatchObject({ status: 0, code: 'network', isNetwork: true, cause: offline });
  });

  it('are made of a page that a proxy put in place of a problem', async () => {
    const fetch = (): Promise<Response> => Promise.resolve(new Response('<h1>Bad</h1>', { status: 400, headers: { 'content-type': 'text/html' } }));
    expect(await failure(createClient(URL_OF_SERVER, { fetch }).collection('posts').get('1'))).toMatchObject({ status: 400, code: 'http_400' });
  });

  it('are not made of a signal: its own reason is thrown', async () => {
    await expect(clientOf({}).posts.list({ signal: AbortSignal.abort(new Error('mine')) })).rejects.toThrow('mine');
  });
});

describe('retries', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Runs the timers while the work goes on. */
  const settled = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined);
    await vi.runAllTimersAsync();
    return work;
  };

  it('are made of reads, up to three attempts', async () => {
    const { posts, sent } = clientOf(offline, problem(503, 'unavailable'), { body: { id: '1' } });
    expect(await settled(posts.get('1'))).toEqual({ id: '1' });
    expect(sent).toHaveLength(3);
    const down = clientOf(offline);
    await expect(settled(down.posts.list())).rejects.toMatchObject({ code: 'network' });
    expect(down.sent).toHaveLength(3);
  });

  it('are not made of writes that could be done twice', async () => {
    for (const write of [
      (posts: ReturnType<typeof clientOf>['posts']) => posts.create({}),
      (posts: ReturnType<typeof clientOf>['posts']) => posts.update('1', {}),
      (posts: ReturnType<typeof clientOf>['posts']) => posts.replace('1', {}, { ifMatch: '"a"' }),
    ]) {
      const { posts, sent } = clientOf(problem(503, 'unavailable'));
      await expect(settled(write(posts))).rejects.toMatchObject({ status: 503 });
      expect(sent).toHaveLength(1);
    }
  });

  it('are made of writes with an idempotency key, under the same key', async () => {
    const { posts, sent } = clientOf(offline, { status: 201, body: { id: '1' } });
    await settled(posts.create({}, { idempotencyKey: 'k' }));
    expect(sent.map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k']);
  });

  it('are not made of what was refused for good', async () => {
    const { posts, sent } = clientOf(problem(400, 'invalid_filter'));
    await expect(settled(posts.list())).rejects.toMatchObject({ code: 'invalid_filter' });
    expect(sent).toHaveLength(1);
  });

  it('wait as long as the server says', async () => {
    const limited = problem(429, 'rate_limited', {}, { 'retry-after': '7' });
    const { posts, sent } = clientOf(limited, { body: { items: [] } });
    const work = posts.list();
    await vi.advanceTimersByTimeAsync(6900);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await work;
    expect(sent).toHaveLength(2);
  });

  it('leave a long wait to the caller', async () => {
    const { posts, sent } = clientOf(problem(429, 'rate_limited', {}, { 'retry-after': '31' }));
    await expect(settled(posts.list())).rejects.toMatchObject({ retryAfter: 31 });
    expect(sent).toHaveLength(1);
  });

  it('end when the signal is aborted', async () => {
    const { posts, sent } = clientOf(offline);
    const controller = new AbortController();
    const work = posts.list({ signal: controller.signal });
    work.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    controller.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    await vi.runAllTimersAsync();
    expect(sent).toHaveLength(1);
  });

  it('take a record for deleted that the first attempt has deleted', async () => {
    const { posts } = clientOf(offline, problem(404, 'not_found'));
    await expect(settled(posts.delete('1'))).resolves.toBeUndefined();
    await expect(settled(clientOf(problem(404, 'not_found')).posts.delete('1'))).rejects.toMatchObject({ status: 404 });
  });
});

describe('paths', () => {
  it('keep every value in its segment', async () => {
    const { posts, sent } = clientOf({ body: {} });
    await posts.get('a/b?c#d%e');
    expect(sent[0]?.path).toBe('/records/posts/a%2Fb%3Fc%23d%25e');
  });

  it('refuse values that would lead elsewhere', async () => {
    const { db, sent } = clientOf({ body: {} });
    for (const id of ['', '.', '..']) {
      await expect(async () => db.collection('posts').delete(id)).rejects.toThrow('is no name or id');
      expect(() => db.collection(id)).toThrow('is no name or id');
    }
    expect(sent).toHaveLength(0);
  });

  it('allow a slash after the address', async () => {
    const { db, sent } = clientOf({ body: {} });
    await db.collection('posts').get('1');
    expect(sent[0]?.path).toBe('/records/posts/1');
  });
});
