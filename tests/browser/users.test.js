/** Accounts: made, found, given roles, signed out, shut out and deleted. */
import assert from 'node:assert/strict';
import { createClient, PlinthError } from '@plinth/client';
import { assertAccessible, assertFits, shoot } from './support/browser.js';
import { adminClient, owner } from './support/panel.js';
import { stage } from './support/stage.js';

let admin;
const password = 'ocean-9x-limestone';

const here = stage(async (server) => {
  ({ admin } = await adminClient(server));
});

/** A new account, signed in once. */
async function person(name) {
  const client = createClient(here.server.url);
  const user = await admin.users.create({ email: `${name}@harbor.example`, password });
  await client.auth.login(user.email, password);
  return { user, client };
}

const drawer = (page) => page.getByRole('dialog', { name: /^Account / });

/** Opens an account as a person does who knows its address. */
async function open(page, email) {
  await page.getByLabel('Search accounts').fill(email);
  await page.getByRole('link', { name: email }).click();
  await drawer(page).getByRole('heading', { name: email }).waitFor();
}

here.test('alone, the list says what to do; a new user is checked by the server and opens', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Users', exact: true }).click();
  await page.getByText('Nobody else has an account yet').waitFor();
  await assertAccessible(page, 'the list with one account');
  await shoot(page, 'users-empty');
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New user' });
  await dialog.getByLabel('E-mail', { exact: true }).fill('lena@harbor.example');
  await dialog.getByLabel('Password', { exact: true }).fill('short');
  await dialog.getByRole('button', { name: 'Create user' }).click();
  await dialog.locator('[aria-invalid="true"]').waitFor();
  await assertAccessible(page, 'a refused new user');
  await shoot(page, 'users-refused');
  await dialog.getByLabel('Password', { exact: true }).fill(password);
  await dialog.getByRole('button', { name: 'Create user' }).click();
  await drawer(page).getByRole('heading', { name: 'lena@harbor.example' }).waitFor();
  await createClient(here.server.url).auth.login('lena@harbor.example', password);
});

here.test('own fields and e-mail are edited with the schema of users, and taken back', async ({ page }) => {
  const { schema } = await admin.collections.get('users');
  await admin.collections.update('users', { schema: { ...schema, properties: { ...schema.properties, name: { type: 'string', maxLength: 20 } } } });
  const { user } = await person('ines');
  await page.goto(`${here.server.url}/_/users`);
  await open(page, user.email);
  await drawer(page).getByLabel('name', { exact: true }).fill('Ines Okafor, who has a longer name');
  await drawer(page).getByText(/the limit is 20/).waitFor();
  await drawer(page).getByLabel('name', { exact: true }).fill('Ines Okafor');
  await drawer(page).getByLabel('email', { exact: true }).fill(owner.email);
  await drawer(page).getByRole('button', { name: 'Save' }).click();
  await drawer(page).locator('[aria-invalid="true"]').waitFor();
  await drawer(page).getByLabel('email', { exact: true }).fill('ines.okafor@harbor.example');
  await drawer(page).getByText('2 fields changed').waitFor();
  await shoot(page, 'user');
  await assertAccessible(page, 'an account');
  await drawer(page).getByRole('button', { name: 'Save' }).click();
  await page.getByText('ines.okafor@harbor.example saved').waitFor();
  const { email, name } = await admin.users.get(user.id);
  assert.deepEqual([email, name], ['ines.okafor@harbor.example', 'Ines Okafor']);
  await page.getByRole('button', { name: 'Undo' }).click();
  await drawer(page).getByRole('heading', { name: user.email }).waitFor();
  assert.equal((await admin.users.get(user.id)).name, null);
});

here.test('roles come and go; an administrator is made only by typing whom', async ({ page }) => {
  const { user } = await person('tomas');
  await admin.roles.add('user', 'role:editor');
  await page.goto(`${here.server.url}/_/users`);
  await open(page, user.email);
  await drawer(page).getByRole('button', { name: 'Add role' }).click();
  await page.getByRole('menuitem', { name: 'editor' }).click();
  await drawer(page).getByRole('button', { name: 'Take role editor away' }).waitFor();
  assert.deepEqual((await admin.users.get(user.id)).roles, ['editor', 'public', 'user']);
  await drawer(page).getByRole('button', { name: 'Take role editor away' }).click();
  await drawer(page).getByRole('button', { name: 'Take role editor away' }).waitFor({ state: 'detached' });
  await drawer(page).getByRole('button', { name: 'Add role' }).click();
  await page.getByRole('menuitem', { name: /^admin/ }).click();
  const question = page.getByRole('dialog', { name: `Make ${user.email} an administrator?` });
  assert.equal(await question.getByRole('button', { name: 'Make administrator' }).isDisabled(), true);
  await question.getByRole('button', { name: 'Cancel' }).click();
  assert.deepEqual((await admin.users.get(user.id)).roles, ['public', 'user']);
  await drawer(page).getByRole('button', { name: 'Add role' }).click();
  await page.getByRole('menuitem', { name: /^admin/ }).click();
  await question.getByRole('textbox').fill(user.email);
  await question.getByRole('button', { name: 'Make administrator' }).click();
  await drawer(page).getByRole('button', { name: 'Take role admin away' }).waitFor();
  assert.ok((await admin.users.get(user.id)).roles.includes('admin'));
});

here.test('sessions are ended, the password set, the account disabled and enabled', async ({ page }) => {
  const { user, client } = await person('ravi');
  const second = createClient(here.server.url);
  await second.auth.login(user.email, password);
  await page.goto(`${here.server.url}/_/users`);
  await open(page, user.email);
  const sessions = drawer(page).getByRole('region', { name: 'Sessions' });
  await sessions.getByRole('listitem').nth(1).waitFor();
  assert.equal(await sessions.getByRole('listitem').count(), 2);
  await sessions.getByRole('button', { name: /^Revoke the session/ }).first().click();
  await sessions.getByRole('listitem').nth(1).waitFor({ state: 'detached' });
  assert.equal((await admin.users.sessions(user.id)).length, 1);
  await drawer(page).getByLabel('New password').fill('granite-4k-harbor');
  await drawer(page).getByRole('button', { name: 'Set password' }).click();
  await sessions.getByText('Signed in nowhere.').waitFor();
  await assert.rejects(client.auth.me(), PlinthError);
  await createClient(here.server.url).auth.login(user.email, 'granite-4k-harbor');
  await drawer(page).getByRole('button', { name: 'Disable' }).click();
  await drawer(page).getByText("This account can't sign in.").waitFor();
  await assertAccessible(page, 'a disabled account');
  await assert.rejects(createClient(here.server.url).auth.login(user.email, 'granite-4k-harbor'), PlinthError);
  await drawer(page).getByRole('button', { name: 'Enable account' }).click();
  await drawer(page).getByText("This account can't sign in.").waitFor({ state: 'detached' });
  await createClient(here.server.url).auth.login(user.email, 'granite-4k-harbor');
});

here.test('an account is deleted by typing its address; the last administrator stays', async ({ page }) => {
  const { user } = await person('jonas');
  await page.goto(`${here.server.url}/_/users`);
  await open(page, user.email);
  await drawer(page).getByRole('button', { name: 'Delete account' }).click();
  const question = page.getByRole('dialog', { name: `Delete account ${user.email}?` });
  await question.getByRole('textbox').fill(user.email);
  await question.getByRole('button', { name: 'Delete account' }).click();
  await page.getByText(`Account ${user.email} deleted`).waitFor();
  assert.equal((await admin.users.list({ search: user.email })).items.length, 0);
  await page.getByText('Nobody matches').waitFor();
});

for (const size of ['tablet', 'phone']) {
  here.test(`list and account fit a ${size}`, { size }, async ({ page }) => {
    await page.goto(`${here.server.url}/_/users`);
    await page.getByRole('link', { name: owner.email }).waitFor();
    await assertAccessible(page, `the accounts on a ${size}`);
    await assertFits(page, `the accounts on a ${size}`);
    await shoot(page, 'users');
    await open(page, owner.email);
    await drawer(page).getByRole('region', { name: 'Sessions' }).getByText('this one').waitFor();
    await assertAccessible(page, `an account on a ${size}`);
    await assertFits(page, `an account on a ${size}`);
    await shoot(page, 'user-fit');
  });
}
