import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, type Collection, PlinthError, type Where, etag } from '../../src/index.js';
import { comparing } from '../../src/order.js';
import { type Schema, furnish, newcomer, unique } from './room.js';

let clear: () => Promise<void>;
let ann: { db: Client<Schema>; id: string };
let bob: { db: Client<Schema>; id: string };
let messages: Collection<Schema, 'messages'>;

beforeAll(async () => {
  clear = await furnish();
  [ann, bob] = [await newcomer(), await newcomer()];
  messages = ann.db.collection('messages');
});
afterAll(() => clear());

/** As many messages in a room of their own. */
async function fill(count: number): Promise<string> {
  const room = unique('room');
  await messages.create(Array.from({ length: count }, (_, i) => ({ room, text: `text ${String(i).padStart(3, '0')}`, author: ann.id, likes: i % 5 })));
  return room;
}

describe('writing', () => {
  it('creates, changes, replaces and deletes a record, with a new version each time', async () => {
    const room = unique('room');
    const created = await messages.create({ room, text: 'a "quoted" text \\ \n 😀', author: ann.id, dueAt: new Date(0) });
    expect(created).toMatchObject({ room, text: 'a "quoted" text \\ \n 😀', author: ann.id, likes: 0, labels: null, dueAt: '1970-01-01T00:00:00.000Z' });
    expect(await messages.get(created.id)).toEqual(created);

    const changed = await messages.update(created.id, { text: 'b', dueAt: null }, { ifMatch: created[etag] });
    expect(changed).toMatchObject({ text: 'b', dueAt: null, room });
    expect(changed[etag]).not.toBe(created[etag]);
    expect((await messages.get(created.id))[etag]).toBe(changed[etag]);

    const replaced = await messages.replace(created.id, { room, text: 'c', author: ann.id });
    expect(replaced).toMatchObject({ id: created.id, text: 'c', likes: 0 });
    await messages.delete(created.id);
    await expect(messages.get(created.id)).rejects.toMatchObject({ isNotFound: true });
  });

  it('refuses a change of what somebody else has changed meanwhile', async () => {
    const created = await messages.create({ room: unique('room'), text: 'a', author: ann.id });
    await messages.update(created.id, { text: 'b' });
    const refusal: unknown = await messages.update(created.id, { text: 'c' }, { ifMatch: created[etag] }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(PlinthError);
    expect(refusal).toMatchObject({ status: 412, code: 'precondition_failed', isConflict: true });
    expect((refusal as PlinthError).requestId).toBeTruthy();
    expect(await messages.get(created.id)).toMatchObject({ text: 'b' });
  });

  it('counts and lists in place lose nothing between many writers', async () => {
    const { id } = await messages.create({ room: unique('room'), text: 'a', author: ann.id });
    await Promise.all(Array.from({ length: 10 }, (_, i) => messages.update(id, { likes: { $inc: 2 }, labels: { $add: [`l${i}`] } })));
    const { likes, labels } = await messages.get(id);
    expect(likes).toBe(20);
    expect([...(labels ?? [])].sort()).toEqual(Array.from({ length: 10 }, (_, i) => `l${i}`).sort());
    expect((await messages.update(id, { labels: { $remove: ['l3', 'none'] } })).labels).toHaveLength(9);
  });

  it('names the failing places of a body', async () => {
    const pointers = async (data: object): Promise<string[]> => {
      const refusal: unknown = await messages.create({ room: 'r', text: 't', author: ann.id, ...data }).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ name: 'PlinthError', status: 422, code: 'validation_failed' });
      return (refusal as PlinthError).errors.map(({ pointer }) => pointer).sort();
    };
    expect(await pointers({ room: 'r'.repeat(51), text: '' })).toEqual(['/room', '/text']);
    expect(await pointers({ oops: 1 })).toEqual(['/oops']);
  });

  it('creates all of a list or none', async () => {
    const room = unique('room');
    const good = { room, text: 'a', author: ann.id };
    expect(await messages.create([good, good])).toHaveLength(2);
    await expect(messages.create([good, { ...good, text: '' }])).rejects.toMatchObject({ errors: [{ pointer: '/1/text' }] });
    expect((await messages.list({ where: { room } })).items).toHaveLength(2);
  });

  it('does once what is sent twice under one key', async () => {
    const [room, idempotencyKey] = [unique('room'), unique('key')];
    const body = { room, text: 'once', author: ann.id };
    const [first, second] = [await messages.create(body, { idempotencyKey }), await messages.create(body, { idempotencyKey })];
    expect(second.id).toBe(first.id);
    expect((await messages.list({ where: { room } })).items).toHaveLength(1);
  });

  it('is refused by a policy, and says no more', async () => {
    const { id } = await messages.create({ room: unique('room'), text: 'a', author: ann.id });
    const others = bob.db.collection('messages');
    await expect(others.update(id, { text: 'b' })).rejects.toMatchObject({ status: 403, code: 'policy_denied' });
    await expect(others.create({ room: 'x', text: 'a', author: ann.id })).rejects.toMatchObject({ status: 403, code: 'policy_denied' });
    await expect(others.delete(id)).rejects.toMatchObject({ status: 403 });
    expect(await messages.get(id)).toMatchObject({ text: 'a' });
  });
});

describe('reading', () => {
  it('pages through a list, and iterates over all of it', async () => {
    const room = await fill(25);
    const first = await messages.list({ where: { room }, orderBy: ['likes', '-text'], limit: 10, count: 'exact' });
    expect(first).toMatchObject({ total: 25, prevCursor: null });
    const second = await messages.list({ where: { room }, orderBy: ['likes', '-text'], limit: 10, cursor: first.nextCursor ?? '' });
    const back = await messages.list({ where: { room }, orderBy: ['likes', '-text'], limit: 10, cursor: second.prevCursor ?? '' });
    expect(back.items).toEqual(first.items);

    const texts: string[] = [];
    for await (const { text } of messages.iterate({ where: { room }, orderBy: ['likes', '-text'], limit: 7, select: ['text'] })) texts.push(text);
    expect(texts).toHaveLength(25);
    expect(texts.slice(0, 20)).toEqual([...first.items, ...second.items].map(({ text }) => text));
    expect(texts.slice(0, 3)).toEqual(['text 020', 'text 015', 'text 010']);
  });

  it('orders as the client orders', async () => {
    const room = unique('room');
    const labels = ['😀', '\uE000', 'é', 'z', 'Z', 'a', 'ab', '~'];
    await messages.create(labels.map((text) => ({ room, text, author: ann.id, dueAt: text > 'z' ? new Date(0) : null })));
    for (const orderBy of [['text'], ['-text'], ['dueAt', '-text'], ['-dueAt'], ['likes'], ['-likes'], []] as const) {
      const { items } = await messages.list({ where: { room }, orderBy });
      expect(items.map(({ id }) => id)).toEqual([...items].sort(comparing(orderBy)).map(({ id }) => id));
    }
  });

  it('filters by every operator', async () => {
    const room = await fill(10);
    const texts = async (where: Where<Schema, 'messages'>): Promise<string[]> =>
      (await messages.list({ where: { and: [{ room }, where] }, orderBy: ['text'] })).items.map(({ text }) => text.slice(-1));
    expect(await texts({ likes: { gte: 3 } })).toEqual(['3', '4', '8', '9']);
    expect(await texts({ likes: { gt: 3 } })).toEqual(['4', '9']);
    expect(await texts({ likes: { lt: 1 } })).toEqual(['0', '5']);
    expect(await texts({ likes: { ne: 0, lte: 1 } })).toEqual(['1', '6']);
    expect(await texts({ likes: { in: [1, 2] } })).toEqual(['1', '2', '6', '7']);
    expect(await texts({ likes: { notIn: [1, 2, 3, 4] } })).toEqual(['0', '5']);
    expect(await texts({ text: { startsWith: 'text 00', endsWith: '7' } })).toEqual(['7']);
    expect(await texts({ text: { contains: 't 008' } })).toEqual(['8']);
    expect(await texts({ text: { matches: '00[12]$' } })).toEqual(['1', '2']);
    expect(await texts({ or: [{ text: 'text 001' }, { likes: 4 }] })).toEqual(['1', '4', '9']);
    expect(await texts({ not: { likes: { lt: 4 } } })).toEqual(['4', '9']);
    expect(await texts({ dueAt: null, createdAt: { lt: new Date(Date.now() + 60_000) } })).toHaveLength(10);
    expect(await texts({ author: { is: { verified: false } }, text: { endsWith: '1' } })).toEqual(['1']);
    expect(await texts({ labels: { has: 'red' } })).toEqual([]);
    expect(await texts({ or: [{ author: { is: {} } }, { or: [] }], and: [] })).toHaveLength(10);
    expect(await texts({ not: { author: { is: {} } } })).toEqual([]);
  });

  it('takes every text for a value', async () => {
    const room = unique('room');
    const hostile = ['" || true || "', '\\', "'", '%', '_', 'a\u0001b', '${x}', '🙈', '\u2028', '// x', 'params.x'];
    await messages.create(hostile.map((text) => ({ room, text, author: ann.id })));
    for (const text of hostile) {
      expect((await messages.list({ where: { room, text } })).items.map((item) => item.text)).toEqual([text]);
      expect((await messages.list({ filter: 'room == params.room && text == params.text', params: { room, text } })).items).toHaveLength(1);
    }
  });

  it('asks with a body what is too long for a URL', async () => {
    const room = await fill(3);
    const { items } = await messages.list({ where: { room } });
    const ids = [...items.map(({ id }) => id), ...Array.from({ length: 400 }, () => crypto.randomUUID())];
    expect((await messages.list({ where: { id: { in: ids } } })).items).toHaveLength(3);
  });

  it('brings what was selected, and what stands behind a relation', async () => {
    const room = await fill(1);
    const [row] = (await messages.list({ where: { room }, select: ['id', 'text'], expand: { author: { select: ['id'] } } })).items;
    expect(Object.keys(row ?? {}).sort()).toEqual(['expand', 'id', 'text']);
    expect(row?.expand.author).toEqual({ id: ann.id });
  });

  it('says where a filter is wrong', async () => {
    await expect(messages.list({ filter: 'txt == "a"' })).rejects.toMatchObject({ status: 400 });
    await expect(messages.list({ filter: 'text ==' })).rejects.toMatchObject({ status: 400, code: 'invalid_filter' });
  });
});

describe('a batch', () => {
  it('does all writes and gives their results in order', async () => {
    const room = unique('room');
    const old = await messages.create({ room, text: 'old', author: ann.id });
    const gone = await messages.create({ room, text: 'gone', author: ann.id });
    const [created, changed, none] = await ann.db.batch((b) => [
      b.collection('messages').create({ room, text: 'new', author: ann.id }),
      b.collection('messages').update(old.id, { text: 'changed' }, { ifMatch: old[etag] }),
      b.collection('messages').delete(gone.id),
    ]);
    expect([created.text, changed.text, none]).toEqual(['new', 'changed', null]);
    expect((await messages.get(created.id))[etag]).toBe(created[etag]);
    expect((await messages.list({ where: { room }, orderBy: ['text'] })).items.map(({ text }) => text)).toEqual(['changed', 'new']);
  });

  it('does nothing when one write is refused, and names it', async () => {
    const room = unique('room');
    const good = { room, text: 'a', author: ann.id };
    const batch = ann.db.batch((b) => [b.collection('messages').create(good), b.collection('messages').create({ ...good, text: '' })]);
    await expect(batch).rejects.toMatchObject({ status: 422, errors: [{ pointer: expect.stringMatching(/^\/1\b/) as string }] });
    expect((await messages.list({ where: { room } })).items).toEqual([]);
  });
});
