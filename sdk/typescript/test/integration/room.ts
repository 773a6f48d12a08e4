import { WebSocket } from 'ws';
import { type Client, type ClientOptions, type DateTime, createClient } from '../../src/index.js';
import { type Admin, createAdmin } from '../../src/admin/index.js';

/** The collection that the tests make, as the generator would print it. */
export type Schema = {
  users: {
    record: { id: string; createdAt: DateTime; updatedAt: DateTime; email: string; verified: boolean };
    create: { id?: string };
    update: { [field in never]?: never };
    relations: { [field in never]: never };
  };
  messages: {
    record: { id: string; createdAt: DateTime; updatedAt: DateTime; room: string; text: string; author: string; likes: number; labels: string[] | null; dueAt: DateTime | null };
    create: { id?: string; room: string; text: string; author: string; likes?: number; labels?: string[] | null; dueAt?: DateTime | Date | null };
    update: { room?: string; text?: string; author?: string; likes?: number; labels?: string[] | null; dueAt?: DateTime | Date | null };
    relations: { author: 'users' };
  };
};

function environment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests need a running server, see README.md`);
  return value;
}

/** The server under test. */
export const serverUrl = environment('PLINTH_URL');

/** A client of the server, with the socket that Node has none of before 22. */
export function client(options: ClientOptions = {}, url = serverUrl): Client<Schema> {
  return createClient<Schema>(url, { WebSocket, ...options });
}

/** A word that no earlier run has used. */
export const unique = (word: string): string => `${word}${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;

/** Signs in as the administrator of the server under test. */
export async function administrator(): Promise<{ db: Client<Schema>; admin: Admin<Schema> }> {
  const db = client();
  await db.auth.login(environment('PLINTH_ADMIN_EMAIL'), environment('PLINTH_ADMIN_PASSWORD'));
  return { db, admin: createAdmin(db) };
}

const PASSWORD = 'correct horse battery staple';

/** An account of its own, signed in. */
export async function newcomer(url = serverUrl): Promise<{ db: Client<Schema>; id: string; email: string; password: string }> {
  const db = client({}, url);
  const email = `${unique('u')}@example.com`;
  const { id } = await db.auth.register({ email, password: PASSWORD });
  return { db, id, email, password: PASSWORD };
}

/** The collection `messages` and its rules, made anew; returns what takes them away again. */
export async function furnish(): Promise<() => Promise<void>> {
  const { admin } = await administrator();
  const clear = async (): Promise<void> => {
    for (const { id, object } of (await admin.policies.list()).items) if (object === 'messages') await admin.policies.delete(id);
    const there = (await admin.collections.list()).some(({ name }) => name === 'messages');
    if (there) await admin.collections.delete('messages', { allowDestructive: true });
  };
  await clear();
  await admin.collections.create({
    name: 'messages',
    schema: {
      type: 'object',
      required: ['room', 'text', 'author', 'likes'],
      properties: {
        room: { type: 'string', maxLength: 50 },
        text: { type: 'string', minLength: 1, maxLength: 500 },
        author: { type: 'string', 'x-relation': { collection: 'users', onDelete: 'cascade' } },
        likes: { type: 'integer', default: 0 },
        labels: { type: 'array', items: { type: 'string' } },
        dueAt: { type: 'string', format: 'date-time' },
      },
    },
    indexes: [{ fields: ['room', '-createdAt'] }],
  });
  const rule = { subject: 'role:user', object: 'messages', fields: '', effect: 'allow' } as const;
  await admin.policies.create({ ...rule, action: 'read', condition: '' });
  await admin.policies.create({ ...rule, action: 'create', condition: 'data.author == auth.id' });
  await admin.policies.create({ ...rule, action: 'update', condition: 'author == auth.id && data.author == author' });
  await admin.policies.create({ ...rule, action: 'delete', condition: 'author == auth.id' });
  return clear;
}

/** Waits until `look` gives something true; fails with what was last seen. */
export async function until<T>(look: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`waited 15 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
