/** A chat with every kind of field, for the tests of records. */
import { adminClient } from './panel.js';

const schema = (properties, required = []) => ({ type: 'object', required, additionalProperties: false, properties });
const to = (collection, onDelete = 'restrict') => ({ type: 'string', 'x-relation': { collection, onDelete } });

const definitions = [
  {
    name: 'rooms',
    schema: schema({ name: { type: 'string', minLength: 1, maxLength: 80, 'x-unique': true }, topic: { type: 'string' } }, ['name']),
  },
  {
    name: 'messages',
    schema: schema(
      {
        body: { type: 'string', maxLength: 2000, description: 'Plain text' },
        author: to('users'),
        room: to('rooms', 'cascade'),
        kind: { enum: ['text', 'image', 'system'], default: 'text' },
        pinned: { type: 'boolean', default: false },
        likes: { type: 'integer', minimum: 0, default: 0 },
        replyTo: to('messages', 'setNull'),
        sentAt: { type: 'string', format: 'date-time' },
        score: { type: 'number' },
        ticket: { type: 'integer' },
        labels: { type: 'array', items: { type: 'string' } },
        mentions: { type: 'array', items: to('users') },
        meta: { type: 'object' },
      },
      ['body', 'author', 'room'],
    ),
    indexes: [{ fields: ['room', '-createdAt'] }],
  },
  { name: 'tags', schema: schema({ name: { type: 'string', examples: ['urgent'] } }, ['name']) },
  { name: 'numbers', schema: schema({ n: { type: 'integer' } }) },
];

const people = ['tomas', 'ines', 'lena', 'ravi'];
const texts = [
  'Freeze is at 18:00 UTC, anything not merged by then waits for 2.4.1',
  'Load test on Postgres is green: 11,560 writes/s at 64 clients',
  'Copy is fine, the second paragraph still says "beta"',
  '',
  'Can you check the copy on the pricing page?',
  'Then the flaky test was the test',
  'Reconnect after a killed node: 0 lost, 0 doubled over 80,000 changes',
  'Nice',
];

/** Sets the server up with rooms, people and `count` messages, the newest first in the answer. */
export async function chat(server, count = 60) {
  const { client, admin } = await adminClient(server);
  for (const definition of definitions) await admin.collections.create(definition);
  const users = [];
  for (const name of people) users.push(await admin.users.create({ email: `${name}@harbor.example`, password: 'ocean-9x-limestone' }));
  const rooms = await client.collection('rooms').create(['launch', 'general', 'design'].map((name) => ({ name })));
  const messages = client.collection('messages');
  const made = [];
  for (let at = 0; at < count; at++) {
    // One after the other, so that each has a moment of its own to sort by.
    made.unshift(
      await messages.create({
        body: texts[at % texts.length],
        author: users[at % users.length].id,
        room: rooms[at % 3].id,
        kind: at % 7 === 3 ? 'image' : 'text',
        pinned: at % 8 === 1,
        likes: (at * 7) % 23,
        replyTo: at % 3 === 2 ? made[0].id : null,
        sentAt: at % 5 ? '2026-01-02T03:04:05.000Z' : null,
        score: at % 4 ? at / 100 : null,
        ticket: at,
        labels: at % 2 ? ['alpha', 'beta'] : [],
        mentions: at % 4 === 2 ? [users[0].id, users[1].id] : [],
        meta: at % 3 ? { client: 'web 3.2.0' } : null,
      }),
    );
  }
  return { client, admin, users, rooms, made };
}

/** The cell of a record. */
export const cell = (page, id, column) => page.locator(`[data-id="${id}"] [data-column="${column}"]`);

/** The ids of the rows in the page, from the top. */
export const idsOf = (page) =>
  page
    .locator('[role="grid"] [data-id]')
    .evaluateAll((rows) => rows.sort((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex)).map((row) => row.dataset.id));

/** The grid of a collection, with its rows. */
export async function openGrid(page, server, path) {
  await page.goto(`${server.url}/_/data/${path}`);
  await page.locator('[role="grid"] [data-id]').first().waitFor();
}

/** Waits until `read` gives what is wanted; answers it. */
export async function until(read, wanted, what, patience = 10_000) {
  for (const end = Date.now() + patience; ; ) {
    const value = await read();
    if (wanted(value)) return value;
    if (Date.now() > end) throw new Error(`${what}: still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
