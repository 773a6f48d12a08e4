/** Accounts other than the administrator's, sessions that end, and a server that does not answer. */
import assert from 'node:assert/strict';
import { createClient } from '@plinth/client';
import { assertAccessible, shoot } from './support/browser.js';
import { adminClient, owner, signIn } from './support/panel.js';
import { stage } from './support/stage.js';

const lena = { email: 'lena@harbor.example', password: 'ocean-9x-limestone' };

const here = stage(async (server) => {
  await adminClient(server);
  await createClient(server.url).auth.register(lena);
});

here.test('an account without a role is told so and led out', { as: lena }, async ({ page }) => {
  await page.getByText('This account may not use the panel').waitFor();
  assert.equal(await page.getByRole('navigation', { name: 'Main' }).getByRole('listitem').count(), 0);
  await assertAccessible(page, 'the panel without access');
  await shoot(page, 'no-access');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/_/sign-in**');
});

here.test('a role with one part of the administration sees that part only', { as: null }, async ({ page }) => {
  const { client, admin } = await adminClient(here.server);
  const { items } = await admin.users.list({ search: lena.email });
  await admin.roles.add('designer', `user:${items[0].id}`);
  await admin.policies.create({ subject: 'role:designer', object: 'sys:collections', action: 'read', condition: '', fields: '', effect: 'allow' });
  client.close();

  await signIn(page, here.server, lena);
  const menu = page.getByRole('navigation', { name: 'Main' });
  await menu.getByRole('link', { name: 'Schema', exact: true }).waitFor();
  assert.equal(await menu.getByRole('link', { name: 'Users', exact: true }).count(), 0);
  assert.equal(await menu.getByRole('link', { name: 'Policies', exact: true }).count(), 0);
  await page.getByRole('link', { name: /^users/ }).first().waitFor();
});

here.test('a session that is ended elsewhere leads to sign-in and back to the same place', async ({ page }) => {
  await page.getByRole('link', { name: 'Schema', exact: true }).click();
  await page.getByRole('heading', { name: 'Schema', level: 1 }).waitFor();

  const { client } = await adminClient(here.server);
  await client.auth.revokeSessions();
  await page.getByRole('link', { name: 'Data', exact: true }).click();
  await page.reload();
  await page.waitForURL('**/_/sign-in?next=*');
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/data');
});

here.test('a server that does not answer is named, and asked again', { as: null }, async ({ page }) => {
  await page.route('**/api/v1/**', (route) => route.abort());
  await page.goto(`${here.server.url}/_/data`);
  await page.getByText('The panel could not reach its server').waitFor();
  await assertAccessible(page, 'the panel without a server');
  await shoot(page, 'unreachable');
  await page.unroute('**/api/v1/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.waitForURL('**/_/sign-in**');
});
