import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Change, type Client, type Collection } from '../../src/index.js';
import { type Line, breakableLine } from './breakable-line.js';
import { type Schema, client, furnish, newcomer, serverUrl, unique, until } from './room.js';

let clear: () => Promise<void>;
let line: Line;
/** Writes straight to the server. */
let ann: { db: Client<Schema>; id: string };
let messages: Collection<Schema, 'messages'>;
/** Listens over a line that can break. */
let bob: { db: Client<Schema>; email: string; password: string };

beforeAll(async () => {
  clear = await furnish();
  line = await breakableLine(serverUrl);
  ann = await newcomer();
  messages = ann.db.collection('messages');
  bob = await newcomer(line.url);
});
afterEach(() => line.mend());
afterAll(async () => {
  ann.db.close();
  bob.db.close();
  await line.close();
  await clear();
});

const post = async (room: string, text: string): Promise<string> => (await messages.create({ room, text, author: ann.id })).id;

/** Bob listens to a room and writes down what he hears. */
async function listen(room: string) {
  const heard: string[] = [];
  const changes: Change<Schema['messages']['record']>[] = [];
  let status = '';
  const off = bob.db.collection('messages').subscribe(
    { where: { room } },
    {
      event: (change) => {
        changes.push(change);
        heard.push(`${change.type} ${change.record?.text ?? change.id}`);
      },
      resync: () => heard.push('resync'),
      status: (next) => (status = next),
    },
  );
  await until(() => status === 'live', 'the subscription to be live');
  return { heard, changes, off, status: () => status };
}

it('a subscriber hears what matches its filter, and nothing else', async () => {
  const [room, other] = [unique('room'), unique('room')];
  const { heard, changes, off } = await listen(room);
  const id = await post(room, 'one');
  const elsewhere = await post(other, 'not for you');
  await messages.update(id, { text: 'two' });
  await messages.update(elsewhere, { room });
  await messages.update(id, { room: other });
  await messages.delete(elsewhere);
  await post(room, 'last');
  await until(() => heard.includes('create last'), 'the last message');
  expect(heard).toEqual(['create one', 'update two', 'create not for you', `delete ${id}`, `delete ${elsewhere}`, 'create last']);
  expect(new Set(changes.map(({ cursor }) => cursor)).size).toBe(changes.length);
  off();
});

it('what was written while the line was cut arrives afterwards, in order and once', async () => {
  const room = unique('room');
  const { heard, off, status } = await listen(room);
  await post(room, '0');
  await until(() => heard.length === 1, 'the first message');
  for (let cut = 0; cut < 3; cut++) {
    line.cut();
    await until(() => status() === 'offline', 'the client to notice');
    for (let i = 1; i <= 20; i++) await post(room, String(cut * 20 + i));
    line.mend();
    await until(() => heard.length >= 1 + 20 * (cut + 1), 'what was missed');
  }
  await post(room, 'last');
  await until(() => heard.includes('create last'), 'the last message');
  expect(heard).toEqual([...Array.from({ length: 61 }, (_, i) => `create ${i}`), 'create last']);
  off();
});

it('nothing is lost or doubled when the line breaks in the middle of a stream of writes', async () => {
  const room = unique('room');
  const { heard, off } = await listen(room);
  const writing = (async () => {
    for (let i = 0; i < 200; i++) await post(room, String(i));
  })();
  for (let cut = 0; cut < 8; cut++) {
    await new Promise((resolve) => setTimeout(resolve, 40 * cut));
    line.cut();
    line.mend();
  }
  await writing;
  await until(() => heard.length >= 200, 'all messages');
  await post(room, 'last');
  await until(() => heard.includes('create last'), 'the last message');
  expect(heard).toEqual([...Array.from({ length: 200 }, (_, i) => `create ${i}`), 'create last']);
  off();
});

it('a stream goes on in another run of the program, from a cursor that was kept', async () => {
  const room = unique('room');
  const first = await listen(room);
  await post(room, 'one');
  await until(() => first.changes.length === 1, 'the first message');
  first.off();
  await post(room, 'two');
  await post(room, 'three');
  const later = client();
  await later.auth.login(bob.email, bob.password);
  const texts: string[] = [];
  for await (const change of later.collection('messages').subscribe({ where: { room }, since: first.changes[0]?.cursor ?? '' })) {
    texts.push(change.type === 'resync' ? 'resync' : (change.record?.text ?? ''));
    if (texts.length === 2) break;
  }
  expect(texts).toEqual(['two', 'three']);
  later.close();
});

it('a live list is at every moment what the list would be', async () => {
  const room = unique('room');
  const ids: string[] = [];
  for (const text of ['m', 'c', 'x']) ids.push(await post(room, text));
  const query = { where: { room }, orderBy: ['-likes', 'text'], limit: 5 } as const;
  const list = bob.db.collection('messages').live(query);
  await until(() => list.loaded && list.status === 'live', 'the snapshot');
  const roll = (sides: number): number => Math.floor(Math.random() * sides);
  for (let step = 0; step < 60; step++) {
    const some = ids[roll(ids.length)] ?? '';
    if (ids.length < 4 || roll(3) === 0) ids.push(await post(room, String.fromCodePoint(97 + roll(26))));
    else if (roll(4) === 0) await messages.delete(ids.splice(ids.indexOf(some), 1)[0] ?? '');
    else await messages.update(some, { likes: { $inc: 1 } });
    if (step % 20 === 10) line.cut();
    if (step % 20 === 12) line.mend();
  }
  const truth = (await messages.list(query)).items;
  await until(() => JSON.stringify(list.records) === JSON.stringify(truth), `${JSON.stringify(truth)} instead of ${JSON.stringify(list.records)}`);
  list.close();
});

it('a subscription that may not be is denied, with the reason', async () => {
  const stranger = client();
  const feed = (async () => {
    for await (const change of stranger.collection('messages').subscribe()) expect(change).toBeUndefined();
  })();
  await expect(feed).rejects.toMatchObject({ name: 'PlinthError', status: 404 });
  const wrong = (async () => {
    for await (const change of bob.db.collection('messages').subscribe({ filter: 'nonsense ==' })) expect(change).toBeUndefined();
  })();
  await expect(wrong).rejects.toMatchObject({ code: 'invalid_filter' });
  stranger.close();
});

it('signing in makes a denied subscription live, and signing out ends it', async () => {
  const room = unique('room');
  const db = client();
  const heard: string[] = [];
  db.collection('messages').subscribe({ where: { room } }, { event: ({ type }) => heard.push(type), status: (status) => heard.push(status) });
  await until(() => heard.includes('denied'), 'the refusal');
  await db.auth.login(bob.email, bob.password);
  await until(() => heard.includes('live'), 'the subscription');
  await post(room, 'one');
  await until(() => heard.includes('create'), 'the message');
  await db.auth.logout();
  await until(() => heard.at(-1) === 'denied', 'the end');
  await post(room, 'two');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(heard.filter((word) => word === 'create')).toHaveLength(1);
  db.close();
});
