import { describe, expect, it } from 'vitest';
import { createClient, etag } from '../../src/index.js';
import type { Schema } from '../fixtures/plinth-types.js';
import { type Reply, type Sent, URL_OF_SERVER, fakeServer } from './fake-server.js';

function clientOf(answer: Reply | ((sent: Sent) => Reply)) {
  const server = fakeServer(typeof answer === 'function' ? answer : () => answer);
  const db = createClient<Schema>(URL_OF_SERVER, server);
  return { db, posts: db.collection('posts'), sent: server.sent };
}

const empty: Reply = { body: { items: [], nextCursor: null, prevCursor: null } };
const parametersOf = (sent: Sent | undefined): object => Object.fromEntries(new URL(sent?.path ?? '', URL_OF_SERVER).searchParams);

describe('list', () => {
  it('sends nothing that was not asked for', async () => {
    const { posts, sent } = clientOf(empty);
    expect(await posts.list()).toEqual({ items: [], nextCursor: null, prevCursor: null });
    expect(sent[0]).toMatchObject({ method: 'GET', path: '/records/posts', headers: {} });
  });

  it('turns its options into parameters', async () => {
    const { posts, sent } = clientOf(empty);
    await posts.list({
      where: { status: 'live' },
      filter: 'title == params.t',
      params: { t: 'a&b' },
      select: ['id', 'title'],
      expand: { author: { select: ['name'] }, comments_via_post: { select: ['text'], expand: { author: { select: ['email'] } } }, tags: true },
      orderBy: ['-createdAt', 'title'],
      limit: 20,
      cursor: 'c+/=',
      count: 'exact',
    });
    expect(parametersOf(sent[0])).toEqual({
      filter: '(title == params.t) && (status == "live")',
      params: '{"t":"a&b"}',
      fields: 'id,title,author.name,comments_via_post.text,comments_via_post.author.email',
      expand: 'author,comments_via_post,comments_via_post.author,tags',
      sort: '-createdAt,title',
      limit: '20',
      cursor: 'c+/=',
      count: 'exact',
    });
  });

  it('sends what is too long for a URL as a body', async () => {
    const { posts, sent } = clientOf(empty);
    const ids = Array.from({ length: 200 }, (_, i) => `0190-${i}`);
    await posts.list({ where: { id: { in: ids }, title: { contains: 'x'.repeat(3000) } }, orderBy: ['title'] });
    expect(sent[0]).toMatchObject({ method: 'POST', path: '/records/posts/query', body: { params: { _w0: ids }, sort: 'title' } });
    expect(Object.keys(sent[0]?.body as object).sort()).toEqual(['filter', 'params', 'sort']);
  });
});

describe('iterate', () => {
  it('follows the cursors to the end', async () => {
    const pages: { [cursor: string]: object } = { '': { items: [{ id: '1' }, { id: '2' }], nextCursor: 'a' }, a: { items: [], nextCursor: 'b' }, b: { items: [{ id: '3' }], nextCursor: null } };
    const { posts, sent } = clientOf((request) => ({ body: pages[(parametersOf(request) as { cursor?: string }).cursor ?? ''] }));
    const ids: string[] = [];
    for await (const { id } of posts.iterate({ select: ['id'], limit: 2 })) ids.push(id);
    expect(ids).toEqual(['1', '2', '3']);
    expect(sent.map((request) => parametersOf(request))).toEqual([
      { fields: 'id', limit: '2' },
      { fields: 'id', limit: '2', cursor: 'a' },
      { fields: 'id', limit: '2', cursor: 'b' },
    ]);
  });

  it('asks for no page that is not wanted', async () => {
    const { posts, sent } = clientOf({ body: { items: [{ id: '1' }], nextCursor: 'more' } });
    const first = await posts.iterate().next();
    expect(first.value).toEqual({ id: '1' });
    expect(sent).toHaveLength(1);
  });
});

describe('versions', () => {
  it('come with records that are read or written alone, out of sight of JSON', async () => {
    const { posts } = clientOf({ body: { id: '1' }, headers: { etag: '"v1"' } });
    const records = [await posts.get('1'), await posts.create({ title: 't', author: 'a' }), await posts.update('1', {}), await posts.replace('1', { title: 't', author: 'a' })];
    for (const record of records) {
      expect(record[etag]).toBe('"v1"');
      expect(JSON.stringify(record)).toBe('{"id":"1"}');
      expect(Object.keys(record)).toEqual(['id']);
    }
  });

  it('go back as If-Match', async () => {
    const { posts, sent } = clientOf({ body: {} });
    await posts.update('1', { title: 'x' }, { ifMatch: '"v1"' });
    await posts.replace('1', { title: 't', author: 'a' }, { ifMatch: '"v2"' });
    await posts.delete('1', { ifMatch: '"v3"' });
    await posts.update('1', { views: { $inc: 1 } });
    expect(sent.map(({ method, headers }) => [method, headers['if-match']])).toEqual([
      ['PATCH', '"v1"'],
      ['PUT', '"v2"'],
      ['DELETE', '"v3"'],
      ['PATCH', undefined],
    ]);
    expect(sent[3]?.body).toEqual({ views: { $inc: 1 } });
  });
});

describe('create', () => {
  it('sends a list as one call and gives the records back', async () => {
    const { posts, sent } = clientOf({ status: 201, body: { items: [{ id: '1' }, { id: '2' }] } });
    const data = [
      { title: 'a', author: 'u', dueAt: new Date(0) },
      { title: 'b', author: 'u' },
    ];
    expect(await posts.create(data)).toEqual([{ id: '1' }, { id: '2' }]);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toEqual([{ title: 'a', author: 'u', dueAt: '1970-01-01T00:00:00.000Z' }, data[1]]);
  });
});

describe('batch', () => {
  it('sends all writes as one list and gives results one for one', async () => {
    const { db, sent } = clientOf({ body: { results: [{ status: 201, record: { id: '1' }, etag: '"a"' }, { status: 200, record: { id: 'u' }, etag: '"b"' }, { status: 204 }] } });
    const results = await db.batch((b) => [
      b.collection('tags').create({ name: 'red' }),
      b.collection('users').update('u', { name: 'N' }, { ifMatch: '"x"' }),
      b.collection('tags').delete('2'),
    ], { idempotencyKey: 'k' });
    expect(results).toEqual([{ id: '1' }, { id: 'u' }, null]);
    expect(results[0][etag]).toBe('"a"');
    expect(sent[0]).toMatchObject({ method: 'POST', path: '/batch', headers: { 'idempotency-key': 'k' } });
    expect(sent[0]?.body).toEqual([
      { method: 'create', collection: 'tags', data: { name: 'red' } },
      { method: 'update', collection: 'users', id: 'u', data: { name: 'N' }, ifMatch: '"x"' },
      { method: 'delete', collection: 'tags', id: '2' },
    ]);
  });
});

describe('hostile members', () => {
  it('reach no prototype, whether sent or received', async () => {
    const hostile = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"id":"1"}') as { id: string };
    const { db, posts, sent } = clientOf({ body: { ...hostile, user: hostile, accessToken: 'a', expiresIn: 600 } });
    const record = await posts.get('1');
    await posts.create(hostile as never);
    await posts.list({ params: hostile, filter: 'true', where: { or: [] } });
    await db.auth.signIn('/auth/login', hostile);
    await db.auth.updateMe(hostile as never);
    for (const value of [{}, record, db.auth.user, sent[1]?.headers]) {
      expect((value as { polluted?: unknown }).polluted).toBeUndefined();
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
    expect(Object.keys(sent[1]?.body as object)).toContain('__proto__');
  });
});
