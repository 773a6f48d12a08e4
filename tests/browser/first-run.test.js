/** From the set-up link to the panel, out and in again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertFits, shoot } from './support/browser.js';
import { owner, setUp, signIn } from './support/panel.js';
import { stage } from './support/stage.js';

const here = stage();

here.test('a wrong code is refused beside its field, the right one opens the panel', async ({ page }) => {
  await page.goto(here.server.setupLink);
  await page.getByText('Taken from the link').waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the token does not stay in the address');

  await page.getByLabel('Code or link').fill('not-the-code');
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: /^Create administrator/ }).click();
  await page.getByText('Copy the newest link from the server log').waitFor();
  await assertAccessible(page, 'the refused set-up');
  await shoot(page, 'setup-refused');

  await setUp(page, here.server);
  await page.getByRole('heading', { name: 'Define the first collection' }).waitFor();
  await assertAccessible(page, 'the empty list of collections');
  await assertFits(page, 'the empty list of collections');
  await shoot(page, 'collections-empty');

  const stored = await page.evaluate(() => JSON.stringify([{ ...globalThis.localStorage }, { ...globalThis.sessionStorage }]));
  assert.equal(stored, '[{"plinth.session":"begun"},{}]', 'no token is left in storage, only that there is a session');
  assert.equal(await page.evaluate(() => globalThis.document.cookie), '', 'no cookie is in reach of scripts');

  await page.reload();
  await page.getByRole('heading', { name: 'Collections', level: 1 }).waitFor();
});

here.test('who was never signed in here is not asked for a session, and nothing is refused', async ({ page, context }) => {
  const refused = [];
  const asked = [];
  const watch = (one) => {
    one.on('console', (message) => message.type() === 'error' && refused.push(message.text()));
    one.on('request', (request) => asked.push(new URL(request.url()).pathname));
  };
  watch(page);
  await page.goto(`${here.server.url}/_/`);
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  assert.deepEqual(refused, []);
  assert.ok(!asked.includes('/api/v1/auth/refresh'));

  // Signed in, another tab takes the session up; signed out in one, the next asks nothing any more.
  await signIn(page, here.server);
  const other = await context.newPage();
  watch(other);
  await other.goto(`${here.server.url}/_/data`);
  await other.getByRole('heading', { name: 'Collections', level: 1 }).waitFor();
  await page.getByRole('button', { name: new RegExp(owner.email) }).last().click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/_/sign-in**');
  asked.length = 0;
  const third = await context.newPage();
  watch(third);
  await third.goto(`${here.server.url}/_/data`);
  await third.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  assert.ok(!asked.includes('/api/v1/auth/refresh'));
  assert.deepEqual(refused, []);
  // A tab that did not hear of it is led out by what it asks next.
  await other.getByRole('link', { name: 'Users', exact: true }).click();
  await other.waitForURL('**/_/sign-in**');
});

here.test('the set-up is closed afterwards and leads to sign-in', { size: 'phone' }, async ({ page }) => {
  await page.goto(here.server.setupLink);
  await page.getByText('has an administrator already').waitFor();
  await assertAccessible(page, 'the closed set-up');
  await assertFits(page, 'the closed set-up');
  await shoot(page, 'setup-closed');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.waitForURL('**/_/sign-in');

  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password', { exact: true }).fill('wrong-password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('No account has this address and password').waitFor();
  assert.equal(await page.getByLabel('Password', { exact: true }).evaluate((input) => input === globalThis.document.activeElement), true);
  await assertAccessible(page, 'the refused sign-in');
  await shoot(page, 'sign-in-refused');
  await signIn(page, here.server);
});

here.test('a sent link waits for the sign-in, and signing out ends the session', { size: 'tablet' }, async ({ page }) => {
  await page.goto(`${here.server.url}/_/schema/users?tab=options`);
  await page.waitForURL('**/_/sign-in?next=*');
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/schema/users?tab=options');

  await page.getByRole('link', { name: 'Users', exact: true }).click();
  await page.waitForURL('**/_/users');
  await page.getByRole('button', { name: new RegExp(owner.email) }).last().click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL('**/_/sign-in?next=%2Fusers');
  await page.goBack();
  await page.waitForURL('**/_/sign-in?next=%2Fschema%2Fusers*');
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
});

test('the panel is served under the strict policy and names no place outside', async () => {
  const response = await fetch(`${here.server.url}/_/`);
  const policy = response.headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'self'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(await response.text(), /https?:\/\//);
});
