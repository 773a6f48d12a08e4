import { expect, it } from 'vitest';
import { etag } from '../../src/index.js';
import { administrator, client, newcomer, unique } from './room.js';

it('a collection is planned, made, changed and taken away', async () => {
  const { admin, db } = await administrator();
  const name = unique('c');
  const schema = { type: 'object', required: ['title'], properties: { title: { type: 'string' } } };
  const plan = await admin.collections.planCreate({ name, schema });
  expect(plan).toMatchObject({ destructive: false, blocked: false, silenced: [], steps: [{ step: 'createCollection' }] });
  expect((await admin.collections.list()).map((definition) => definition.name)).not.toContain(name);

  await admin.collections.create({ name, schema });
  await db.request('POST', `/records/${name}`, { body: { title: 'a' } });
  const definition = await admin.collections.get(name);
  const grown = { ...schema, properties: { ...schema.properties, votes: { type: 'integer' } } };
  expect((await admin.collections.planUpdate(name, { schema: grown })).steps).toMatchObject([{ step: 'addField', field: 'votes', destructive: false }]);
  await admin.collections.update(name, { schema: grown }, { ifMatch: definition[etag] });
  await expect(admin.collections.update(name, { schema }, { ifMatch: definition[etag] })).rejects.toMatchObject({ isConflict: true });
  await expect(admin.collections.update(name, { schema })).rejects.toMatchObject({ status: 409, code: 'destructive_plan' });
  expect(await admin.types()).toContain(`  ${name}: {`);

  await expect(admin.collections.delete(name)).rejects.toMatchObject({ code: 'destructive_plan' });
  expect((await admin.collections.planDelete(name)).destructive).toBe(true);
  await admin.collections.delete(name, { allowDestructive: true });
  await expect(admin.collections.get(name)).rejects.toMatchObject({ isNotFound: true });
});

it('a rule is made, explained and taken away', async () => {
  const { admin } = await administrator();
  const name = unique('c');
  await admin.collections.create({ name, schema: { type: 'object', properties: { owner: { type: 'string' } } } });
  const { id } = await newcomer();
  const ask = { subject: `user:${id}`, collection: name, action: 'create', data: { owner: id } } as const;
  expect(await admin.policies.explain(ask)).toMatchObject({ allowed: false });
  const rule = await admin.policies.create({ subject: 'role:user', object: name, action: 'create', condition: 'data.owner == auth.id', fields: '', effect: 'allow' });
  expect(await admin.policies.explain(ask)).toMatchObject({ allowed: true, rules: expect.arrayContaining([expect.objectContaining({ verdict: 'allows' })]) as object[] });
  expect(await admin.policies.explain({ ...ask, data: { owner: 'another' } })).toMatchObject({ allowed: false });
  expect((await admin.policies.list()).items).toContainEqual(rule);
  await admin.policies.delete(rule.id);
  await admin.collections.delete(name, { allowDestructive: true });
});

it('an account is given a role, disabled, and deleted', async () => {
  const { admin } = await administrator();
  const role = unique('editor');
  const { db, id, email, password } = await newcomer();
  await admin.roles.add(role, `user:${id}`);
  expect(await admin.roles.members(role)).toEqual([`user:${id}`]);
  expect((await db.auth.me()).roles).toContain(role);
  await admin.roles.remove(role, `user:${id}`);
  expect((await admin.users.list({ search: email })).items).toMatchObject([{ id, email, disabled: false }]);
  await admin.users.update(id, { disabled: true });
  await expect(db.auth.me()).rejects.toMatchObject({ status: 401 });
  await expect(client().auth.login(email, password)).rejects.toMatchObject({ status: 401 });
  await admin.users.delete(id);
  await expect(admin.users.get(id)).rejects.toMatchObject({ isNotFound: true });
});

it('administration is closed to others, as if it were not there', async () => {
  const { db } = await newcomer();
  for (const route of ['/users', '/policies']) await expect(db.request('GET', route)).rejects.toMatchObject({ name: 'PlinthError' });
});
