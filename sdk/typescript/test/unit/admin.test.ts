import { expect, it } from 'vitest';
import { createAdmin } from '../../src/admin/index.js';
import { createClient, etag } from '../../src/index.js';
import { type Sent, URL_OF_SERVER, fakeServer, tokens } from './fake-server.js';

function adminOf(body: object) {
  const server = fakeServer(() => ({ body, headers: { etag: '"h1"' } }));
  return { admin: createAdmin(createClient(URL_OF_SERVER, server)), routes: () => server.sent.map(route) };
}

const route = ({ method, path, headers, body }: Sent): unknown[] => [`${method} ${path}`, ...(headers['if-match'] ? [headers['if-match']] : []), ...(body === undefined ? [] : [body])];

it('plans ask for a dry run, and changes say what they may do', async () => {
  const plan = { steps: [], destructive: false, blocked: false, silenced: [] };
  const { admin, routes } = adminOf({ plan, items: [] });
  const input = { name: 'a', schema: {} };
  expect(await admin.collections.planCreate(input)).toEqual(plan);
  expect(await admin.collections.planUpdate('a', { name: 'b' })).toEqual(plan);
  expect(await admin.collections.planDelete('a')).toEqual(plan);
  await admin.collections.create(input);
  await admin.collections.update('a', { search: ['t'] }, { ifMatch: '"h1"' });
  await admin.collections.delete('a', { allowDestructive: true });
  expect((await admin.collections.get('a'))[etag]).toBe('"h1"');
  expect(await admin.collections.list()).toEqual([]);
  expect(routes()).toEqual([
    ['POST /collections?dryRun=true', input],
    ['PATCH /collections/a?dryRun=true', { name: 'b' }],
    ['DELETE /collections/a?dryRun=true'],
    ['POST /collections', input],
    ['PATCH /collections/a', '"h1"', { search: ['t'] }],
    ['DELETE /collections/a?allowDestructive=true'],
    ['GET /collections/a'],
    ['GET /collections'],
  ]);
});

it('rules are listed, written one by one or all at once, and explained', async () => {
  const { admin, routes } = adminOf({ items: [], version: 3 });
  const rule = { subject: 'role:user', object: 'a', action: 'read', condition: '', fields: '', effect: 'allow' } as const;
  expect(await admin.policies.list()).toEqual({ items: [], version: 3 });
  await admin.policies.create(rule);
  await admin.policies.update('1', { condition: 'x' });
  await admin.policies.delete('1');
  await admin.policies.replace([rule]);
  await admin.policies.explain({ subject: 'anonymous', collection: 'a', action: 'read' });
  expect(routes()).toEqual([
    ['GET /policies'],
    ['POST /policies', rule],
    ['PATCH /policies/1', { condition: 'x' }],
    ['DELETE /policies/1'],
    ['PUT /policies', { items: [rule] }],
    ['POST /policies/explain', { subject: 'anonymous', collection: 'a', action: 'read' }],
  ]);
});

it('accounts and roles are kept', async () => {
  const { admin, routes } = adminOf({ items: [], nextCursor: null });
  await admin.users.list({ limit: 5, search: 'a&b' });
  await admin.users.create({ email: 'a@b.co', password: 'secret' });
  await admin.users.get('1');
  await admin.users.update('1', { disabled: true });
  await admin.users.delete('1');
  await admin.users.sessions('1');
  await admin.users.revokeSession('1', 's');
  await admin.users.revokeSessions('1');
  await admin.roles.list();
  await admin.roles.members('editor');
  await admin.roles.add('editor', 'user:1');
  await admin.roles.remove('editor', 'role:user');
  expect(routes()).toEqual([
    ['GET /users?limit=5&search=a%26b'],
    ['POST /users', { email: 'a@b.co', password: 'secret' }],
    ['GET /users/1'],
    ['PATCH /users/1', { disabled: true }],
    ['DELETE /users/1'],
    ['GET /users/1/sessions'],
    ['DELETE /users/1/sessions/s'],
    ['DELETE /users/1/sessions'],
    ['GET /roles'],
    ['GET /roles/editor/members'],
    ['PUT /roles/editor/members/user%3A1'],
    ['DELETE /roles/editor/members/role%3Auser'],
  ]);
});

it('the set-up makes the administrator and signs in', async () => {
  const server = fakeServer(({ method }) => (method === 'GET' ? { body: { open: true } } : tokens('0')));
  const db = createClient(URL_OF_SERVER, { ...server, session: 'cookie' });
  const { setup } = createAdmin(db);
  expect(await setup.isOpen()).toBe(true);
  expect(await setup.complete({ token: 't', email: 'a@b.co', password: 'secret' })).toMatchObject({ id: 'u1' });
  expect(db.auth.user).toMatchObject({ id: 'u1' });
  expect(server.sent.map(route)).toEqual([['GET /setup'], ['POST /setup', { token: 't', email: 'a@b.co', password: 'secret', session: 'cookie' }]]);
});
