/**
 * What the types promise, checked by `npm run check`: a line that stops being right, or an expected error
 * that stops being one, fails the compiler. Nothing here runs.
 */
import { type AnySchema, type Change, type DateTime, createClient, etag } from '../../src/index.js';
import { WebSocket as NodeSocket } from 'ws';
import type { Schema } from '../fixtures/plinth-types.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Fails to compile unless `Same` is true. */
function assert<Same extends true>(): Same | undefined {
  return undefined;
}

const db = createClient<Schema>('http://localhost');
const posts = db.collection('posts');

// @ts-expect-error no such collection
db.collection('pots');

export async function rows(): Promise<void> {
  const whole = (await posts.list()).items[0];
  assert<Equal<typeof whole, Schema['posts']['record'] | undefined>>();

  const picked = (await posts.list({ select: ['id', 'title'] })).items.map((row) => row);
  assert<Equal<(typeof picked)[number]['title'], string>>();
  // @ts-expect-error not selected
  picked.map((row) => row.slug);

  const { items } = await posts.list({
    where: { status: 'live', views: { gte: 10 }, or: [{ title: { contains: 'rust' } }, { slug: null }] },
    select: ['id', 'title', 'author'],
    expand: { author: { select: ['name'] }, tags: true, comments_via_post: { expand: { author: true } } },
    orderBy: ['-createdAt', 'title'],
    limit: 20,
    signal: new AbortController().signal,
  });
  for (const { expand } of items) {
    assert<Equal<typeof expand.author, { name: string | null } | null>>();
    assert<Equal<(typeof expand.tags)[number], Schema['tags']['record']>>();
    const commenter = expand.comments_via_post[0]?.expand.author;
    assert<Equal<typeof commenter, Schema['users']['record'] | null | undefined>>();
    // @ts-expect-error not expanded
    void expand.editor;
  }

  for await (const row of posts.iterate({ select: ['id'] })) assert<Equal<typeof row, Pick<Schema['posts']['record'], 'id'>>>();

  const one = await posts.get('id');
  assert<Equal<(typeof one)[typeof etag], string>>();
  // @ts-expect-error records of a list have no version
  void whole?.[etag];
}

export function refusals(): void {
  // @ts-expect-error unknown field
  void posts.list({ select: ['titel'] });
  // @ts-expect-error unknown field
  void posts.list({ orderBy: ['-titel'] });
  // @ts-expect-error unknown option
  void posts.list({ oderBy: ['title'] });
  // @ts-expect-error no relation
  void posts.list({ expand: { title: true } });
  // @ts-expect-error unknown field of the related record
  void posts.list({ expand: { author: { select: ['nme'] } } });
  // @ts-expect-error unknown field
  void posts.list({ where: { titel: 'x' } });
  // @ts-expect-error not one of the choices
  void posts.list({ where: { status: 'gone' } });
  // @ts-expect-error not one of the choices
  void posts.list({ where: { status: { in: ['draft', 'gone'] } } });
  // @ts-expect-error a required field is never null
  void posts.list({ where: { title: null } });
  // @ts-expect-error leaving a condition out shows more than was asked for
  void posts.list({ where: { title: undefined } });
  // @ts-expect-error a time is compared with a Date
  void posts.list({ where: { createdAt: { gte: '2026-01-01T00:00:00Z' } } });
  // @ts-expect-error numbers have no text operators
  void posts.list({ where: { views: { contains: '1' } } });
}

export function conditions(since: Date): void {
  void posts.list({ where: { createdAt: { gte: since }, dueAt: null } });
  void posts.list({ where: { status: { in: ['draft', 'live'] }, views: { ne: null }, pinned: true } });
  void posts.list({ where: { author: { is: { name: { startsWith: 'A' } } }, tags: { some: { name: 'red' } } } });
  void posts.list({ where: { keywords: { has: 'red' }, meta: { is: { color: 'blue' } }, not: { comments_via_post: { some: { text: 'x' } } } } });
  void posts.list({ filter: 'title == params.title', params: { title: 'x' } });
}

export async function writes(): Promise<void> {
  const created = await posts.create({ title: 'x', author: 'a', dueAt: new Date() }, { idempotencyKey: 'k' });
  assert<Equal<typeof created.title, string>>();
  const many = await posts.create([{ title: 'x', author: 'a' }]);
  assert<Equal<typeof many, Schema['posts']['record'][]>>();
  await posts.update(created.id, { title: 'y', slug: null, views: { $inc: 1 }, tags: { $add: ['t'], $remove: ['u'] }, meta: { size: { $inc: 1 } } }, { ifMatch: created[etag] });
  await posts.replace(created.id, { title: 'z', author: 'a' });
  // @ts-expect-error the title is missing
  void posts.create({ author: 'a' });
  // @ts-expect-error set by the server only
  void posts.create({ title: 'x', author: 'a', score: 1 });
  // @ts-expect-error a required field can't be unset
  void posts.update('id', { title: null });
  // @ts-expect-error text is not counted up
  void posts.update('id', { title: { $inc: 1 } });
  // @ts-expect-error it may not be undefined: left out or null
  void posts.update('id', { slug: undefined });
}

export async function batches(): Promise<void> {
  const [post, , gone] = await db.batch((b) => [b.collection('posts').create({ title: 'x', author: 'a' }), b.collection('users').update('u', { name: 'N' }), b.collection('tags').delete('t')]);
  assert<Equal<typeof post.title, string>>();
  assert<Equal<typeof gone, null>>();
  // @ts-expect-error the text is missing
  void db.batch((b) => [b.collection('comments').create({ post: 'p', author: 'a' })]);
}

export async function streams(): Promise<void> {
  const off = posts.subscribe({ where: { author: 'me' }, select: ['id', 'title'] }, { event: (change) => void change.record?.title });
  off();
  // @ts-expect-error not selected
  posts.subscribe({ select: ['id'] }, { event: (change) => void change.record?.title });
  for await (const change of posts.subscribe()) {
    if (change.type === 'resync') continue;
    assert<Equal<typeof change, Change<Schema['posts']['record']>>>();
    if (change.type !== 'delete') assert<Equal<typeof change.record.title, string>>();
  }
  for await (const list of posts.live({ orderBy: ['title'], limit: 5 })) assert<Equal<typeof list, readonly Schema['posts']['record'][]>>();
}

export async function accounts(): Promise<void> {
  const user = await db.auth.login('a@b.co', 'secret');
  assert<Equal<typeof user.roles, string[]>>();
  assert<Equal<typeof user.name, string | null>>();
  await db.auth.updateMe({ name: 'N' });
  // @ts-expect-error changes by its own route only
  await db.auth.updateMe({ email: 'c@d.co' });
}

export async function untyped(): Promise<void> {
  const any = createClient('http://localhost');
  assert<Equal<typeof any, ReturnType<typeof createClient<AnySchema>>>>();
  const { items } = await any.collection('anything').list({ where: { a: 1, b: { gte: 'x' }, and: [{ c: null }] }, orderBy: ['-a'], expand: { author: true } });
  assert<Equal<(typeof items)[number]['createdAt'], DateTime>>();
  await any.collection('anything').create({ whatever: 1 });
  await any.collection('anything').update('id', { n: { $inc: 1 } });
  const picked = await any.collection('anything').list({ select: ['id', 'a'] });
  assert<Equal<(typeof picked.items)[number]['id'], string>>();
  const user = await any.auth.me();
  assert<Equal<typeof user.email, string>>();
}

/** Sockets of the platform and of `ws` fit as they are. */
export function sockets(): void {
  createClient('http://localhost', { WebSocket });
  createClient('http://localhost', { WebSocket: NodeSocket });
}
