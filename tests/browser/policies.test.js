/** Rules written in the matrix, refused where they are wrong, and asked why a write was denied. */
import assert from 'node:assert/strict';
import { createClient, PlinthError } from '@plinth/client';
import { assertAccessible, assertFits, launch, shoot } from './support/browser.js';
import { adminClient } from './support/panel.js';
import { stage } from './support/stage.js';

let admin;
let owner;
const people = {};
let room;
/** Lena's message in an open room, and her message in a closed one. */
let message;
let hidden;

const password = 'ocean-9x-limestone';
const relation = (collection) => ({ type: 'string', 'x-relation': { collection, onDelete: 'cascade' } });

const here = stage(async (server) => {
  ({ admin, client: owner } = await adminClient(server));
  await admin.collections.create({
    name: 'rooms',
    schema: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, open: { type: 'boolean', default: true } } },
  });
  await admin.collections.create({
    name: 'messages',
    schema: {
      type: 'object',
      required: ['text', 'room', 'author'],
      properties: { text: { type: 'string' }, room: relation('rooms'), author: relation('users'), pinned: { type: 'boolean', default: false } },
    },
  });
  people.long = await admin.users.create({ email: 'maximiliane.von-der-brueckenstrasse@communications.harbor.example', password });
  for (const name of ['lena', 'tomas']) people[name] = await admin.users.create({ email: `${name}@harbor.example`, password });
  room = await owner.collection('rooms').create({ name: 'launch' });
  const closed = await owner.collection('rooms').create({ name: 'old', open: false });
  message = await owner.collection('messages').create({ text: 'Freeze is at 18:00', room: room.id, author: people.lena.id });
  hidden = await owner.collection('messages').create({ text: 'x', room: closed.id, author: people.lena.id });
});

/** The SDK as one of the people. */
async function as(name) {
  const client = createClient(here.server.url);
  await client.auth.login(`${name}@harbor.example`, password);
  return client;
}

/** What a call was refused with; none if it was done. */
async function codeOf(call) {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof PlinthError) return error.code;
    throw error;
  }
}

const cell = (page, role, action, collection) => page.getByRole('grid').getByRole('button', { name: new RegExp(`^${role} ${action} ${collection}:`) });
const drawer = (page) => page.getByRole('dialog', { name: /^Rules:/ });

/** Opens a cell, says If, and writes its condition as by pasting. */
async function writeCondition(page, role, action, collection, condition) {
  await cell(page, role, action, collection).click();
  await drawer(page).getByRole('radio', { name: 'If' }).click();
  const editor = drawer(page).getByRole('textbox', { name: 'Condition' });
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(condition);
}

/** Saves, and waits until nothing is unsaved. */
async function save(page) {
  await drawer(page).getByRole('button', { name: 'Save' }).click();
  await drawer(page).getByText('No changes').waitFor();
}

here.test('the rules of a chat are written in the panel and hold at once', async ({ page }) => {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Policies' }).click();
  await cell(page, 'user', 'read', 'messages').waitFor();
  await assertAccessible(page, 'the matrix');
  await shoot(page, 'policies');

  await writeCondition(page, 'user', 'read', 'messages', 'room.open == true');
  await writeCondition(page, 'user', 'create', 'messages', 'data.author == auth.id');
  await writeCondition(page, 'user', 'delete', 'messages', 'author == auth.id');
  await cell(page, 'user', 'update', 'messages').click();
  await drawer(page).getByRole('radio', { name: 'If' }).click();
  await drawer(page).getByRole('button', { name: 'Own, by author' }).click();
  await drawer(page).getByRole('button', { name: 'None', exact: true }).click();
  await drawer(page).getByRole('button', { name: 'text', exact: true }).click();
  await drawer(page).getByText('1 of 4').first().waitFor();
  await drawer(page).getByText('4 unsaved rules').waitFor();
  assert.equal(await cell(page, 'user', 'update', 'messages').getAttribute('aria-label'), 'user update messages: If, unsaved');
  await assertAccessible(page, 'the drawer of a cell');
  await shoot(page, 'policies-cell');
  await save(page);

  const { items } = await admin.policies.list();
  const written = items.filter(({ object }) => object === 'messages').map(({ action, condition, fields }) => [action, condition, fields]);
  assert.deepEqual(written.toSorted(), [
    ['create', 'data.author == auth.id', ''],
    ['delete', 'author == auth.id', ''],
    ['read', 'room.open == true', ''],
    ['update', 'author == auth.id\n&& data.author == author', 'text'],
  ]);

  const [lena, tomas] = [await as('lena'), await as('tomas')];
  const seen = await tomas.collection('messages').list();
  assert.deepEqual(seen.items.map(({ id }) => id), [message.id]);
  assert.equal(await codeOf(tomas.collection('messages').get(hidden.id)), 'not_found');
  const own = await tomas.collection('messages').create({ text: 'y', room: room.id, author: people.tomas.id });
  assert.equal(await codeOf(tomas.collection('messages').delete(own.id)), null);
  assert.equal(await codeOf(tomas.collection('messages').create({ text: 'y', room: room.id, author: people.lena.id })), 'policy_denied');
  assert.equal(await codeOf(tomas.collection('messages').update(message.id, { text: 'y' })), 'policy_denied');
  assert.equal(await codeOf(tomas.collection('messages').delete(message.id)), 'policy_denied');
  assert.equal(await codeOf(lena.collection('messages').update(message.id, { pinned: true })), 'policy_denied');
  assert.equal(await codeOf(lena.collection('messages').update(message.id, { text: 'Freeze is at 19:00' })), null);
});

here.test('the panel says why a write was denied, part by part, and leads to the rule', async ({ page, context }) => {
  await page.goto(`${here.server.url}/_/policies`);
  await page.getByRole('button', { name: /^Who asks:/ }).click();
  await page.getByRole('combobox', { name: 'Search accounts and roles' }).fill('tomas');
  await page.getByRole('option', { name: /tomas@harbor/ }).click();
  await page.getByLabel('Action', { exact: true }).selectOption('update');
  await page.getByLabel('Collection', { exact: true }).selectOption('messages');
  await page.getByRole('button', { name: /^Record:/ }).click();
  await page.getByRole('combobox', { name: 'Search messages' }).fill(message.id);
  await page.getByRole('option', { name: new RegExp(message.id.slice(-6)) }).click();
  await page.getByLabel('Body', { exact: true }).fill('{"text": "Mine now"}');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();

  const simulator = page.getByRole('region', { name: 'Simulator' });
  await simulator.getByText('Denied', { exact: true }).waitFor();
  await simulator.getByText('403 policy_denied').waitFor();
  const parts = simulator.locator('.answer li');
  assert.equal(await parts.count(), 2);
  assert.match(await parts.nth(0).innerText(), /does not hold:[\s\S]*author == auth\.id/);
  assert.match(await parts.nth(0).innerText(), new RegExp(people.tomas.id.slice(-6)));
  assert.match(await parts.nth(1).innerText(), /^holds:/);

  await simulator.getByRole('button', { name: 'Edit this rule' }).click();
  await drawer(page).locator('.cm-failing').waitFor();
  assert.match(await drawer(page).locator('.cm-failing').innerText(), /author == auth\.id/);
  await assertAccessible(page, 'the simulator');
  await shoot(page, 'policies-denied');

  await page.reload();
  await simulator.getByText('403 policy_denied').waitFor();
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await simulator.getByRole('button', { name: 'Copy request' }).click();
  await page.getByText('Request copied as curl').waitFor();
  assert.match(await page.evaluate(() => globalThis.navigator.clipboard.readText()), new RegExp(`^curl -X POST ${here.server.url}/api/v1/policies/explain .*user:${people.tomas.id}`));
});

here.test('refused fields are named, and let through from the answer', async ({ page }) => {
  const query = new URLSearchParams({ as: `user:${people.lena.id}`, do: 'update', in: 'messages', record: message.id, with: '{"pinned": true}', asked: '1' });
  await page.goto(`${here.server.url}/_/policies?${query}`);
  const simulator = page.getByRole('region', { name: 'Simulator' });
  await simulator.getByText('Refused fields').waitFor();
  await simulator.getByRole('button', { name: 'Let through pinned' }).click();
  await drawer(page).getByText('1 unsaved rule', { exact: true }).waitFor();
  await save(page);
  await simulator.getByText('Allowed', { exact: true }).waitFor();
  const lena = (await as('lena')).collection('messages');
  assert.equal(await codeOf(lena.update(message.id, { pinned: true })), null);
  // What changes nothing is refused by no list of fields: the question is to be a change again.
  assert.equal(await codeOf(lena.update(message.id, { pinned: false })), null);

  await page.getByRole('button', { name: 'Undo' }).click();
  await simulator.getByText('Refused fields').waitFor();
  assert.equal(await codeOf(lena.update(message.id, { pinned: true })), 'policy_denied');
});

here.test('a condition that names no field is refused at its place, and stays to be mended', async ({ page }) => {
  await page.goto(`${here.server.url}/_/policies`);
  await cell(page, 'user', 'update', 'rooms').click();
  await drawer(page).getByRole('radio', { name: 'If' }).click();
  assert.equal(await cell(page, 'user', 'update', 'rooms').getAttribute('aria-label'), 'user update rooms: If, unsaved');
  await page.keyboard.press('Control+s');
  await drawer(page).getByText('Write the condition, or choose Allow').waitFor();
  await writeCondition(page, 'user', 'update', 'rooms', 'data.name == name\n&& nmae == "x"');
  await page.keyboard.press('Control+s');
  await drawer(page).getByText('Line 2: There is no field "nmae"').waitFor();
  assert.equal(await drawer(page).locator('.cm-lintRange-error').innerText(), 'nmae');
  await shoot(page, 'policies-refused');
  await drawer(page).getByRole('button', { name: 'Discard' }).click();
  assert.equal((await admin.policies.list()).items.filter(({ object }) => object === 'rooms').length, 0);
});

here.test('a field that data has not is told while one types, with the nearest name', async ({ page }) => {
  await page.goto(`${here.server.url}/_/policies`);
  for (const action of ['create', 'update']) {
    await writeCondition(page, 'user', action, 'rooms', 'data.nmae == "x"');
    await drawer(page).getByText('There is no field "nmae" (did you mean "name"?)').waitFor();
    assert.equal(await drawer(page).getByLabel('Reach').getByText('…').count(), 0, 'the accounts are counted all the same');
    await drawer(page).getByRole('textbox', { name: 'Condition' }).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('data.name == "data.nmae" && has(data.open)');
    await drawer(page).getByText('There is no field').waitFor({ state: 'detached' });
    await drawer(page).getByText('the simulator tells for one').waitFor();
  }
  await drawer(page).getByRole('button', { name: 'Discard' }).click();
});

here.test('what opens to the public is typed first, and Escape asks before edits go', async ({ page }) => {
  await page.goto(`${here.server.url}/_/policies`);
  await cell(page, 'public', 'read', 'rooms').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await drawer(page).getByRole('radio', { name: 'Allow' }).click();
  await page.keyboard.press('Escape');
  const question = page.getByRole('dialog', { name: 'Discard 1 unsaved rule?' });
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await drawer(page).getByRole('button', { name: 'Save' }).click();
  const opening = page.getByRole('dialog', { name: 'Open rooms to the public?' });
  assert.equal(await opening.getByRole('button', { name: 'Open to the public' }).isDisabled(), true);
  await opening.getByRole('button', { name: 'Keep it closed' }).click();
  assert.equal((await admin.policies.list()).items.filter(({ subject }) => subject === 'role:public').length, 0);
  await drawer(page).getByRole('button', { name: 'Save' }).click();
  await opening.getByLabel('Type public to confirm').fill('public');
  await assertAccessible(page, 'the question before the public');
  await opening.getByRole('button', { name: 'Open to the public' }).click();
  await drawer(page).getByText('No changes').waitFor();
  assert.equal((await createClient(here.server.url).collection('rooms').list()).items.length, 2);
  assert.equal(await cell(page, 'user', 'read', 'rooms').getAttribute('aria-label'), 'user read rooms: Allow, inherited from public');
});

here.test('a role is made, inherits, gets a wide rule, and goes again', async ({ page }) => {
  await page.goto(`${here.server.url}/_/policies`);
  await page.getByRole('button', { name: 'New role' }).click();
  const dialog = page.getByRole('dialog', { name: 'New role' });
  await dialog.getByLabel('Name').fill('Editor');
  await dialog.getByRole('button', { name: 'Create role' }).click();
  await dialog.getByText('Start with a small letter.').waitFor();
  await dialog.getByLabel('Name').fill('editor');
  await dialog.getByRole('button', { name: 'Create role' }).click();
  await page.getByRole('button', { name: 'Role editor, inherits user' }).waitFor();
  await page.getByRole('button', { name: 'Wide rule' }).click();
  const wide = page.getByRole('dialog', { name: 'New wide rule' });
  await wide.getByLabel('Role').selectOption('editor');
  await wide.getByLabel('Collections').last().fill('m*');
  await wide.getByLabel('Action', { exact: true }).selectOption('*');
  await wide.getByText('Covers messages').waitFor();
  await assertAccessible(page, 'a new wide rule');
  await wide.getByRole('button', { name: 'Write the rule' }).click();
  await drawer(page).getByRole('radio', { name: 'Allow' }).click();
  await save(page);
  assert.equal(await cell(page, 'editor', 'update', 'messages').getAttribute('aria-label'), 'editor update messages: Allow');
  await shoot(page, 'policies-wide');
  await drawer(page).getByRole('button', { name: 'Close' }).click();
  await page.getByRole('button', { name: 'Role editor, inherits user' }).click();
  await page.getByRole('dialog', { name: 'Role editor' }).getByRole('button', { name: 'Delete role' }).click();
  await page.getByLabel('Type editor to confirm').fill('editor');
  await page.getByRole('button', { name: 'Delete role' }).click();
  await page.getByRole('button', { name: 'Role editor, inherits user' }).waitFor({ state: 'detached' });
  assert.deepEqual((await admin.roles.list()).map(({ role }) => role), ['admin', 'public', 'user']);
});

for (const size of ['desktop', 'tablet', 'phone']) {
  here.test(`a long e-mail is read whole, and the question asked beside the rules, on a ${size}`, { size }, async ({ page }) => {
    await page.goto(`${here.server.url}/_/policies?${new URLSearchParams({ as: `user:${people.long.id}`, do: 'update', in: 'messages' })}`);
    const subject = page.getByRole('button', { name: /^Who asks/ });
    const face = subject.getByText(people.long.email);
    await face.waitFor();
    assert.ok(await face.evaluate((text) => text.scrollWidth <= text.clientWidth), 'the e-mail is not cut');
    const tops = await page.getByRole('list', { name: 'Legend' }).getByRole('listitem').evaluateAll((items) => items.map((item) => item.getBoundingClientRect().top));
    assert.equal(new Set(tops).size, 1, 'the legend is one line');
    await assertFits(page, `a long e-mail on a ${size}`);
    await shoot(page, 'policies-long');
    if (size === 'phone') return;
    // The last cell of the row, which the drawer would lie over.
    await cell(page, 'user', 'delete', 'messages').click();
    await drawer(page).waitFor();
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await page.getByText('Choose the record that would be updated.').waitFor();
    await assertAccessible(page, `the simulator beside the rules on a ${size}`);
    await shoot(page, 'policies-beside');
  });
}

here.test('where the drawer leaves too little beside it, the page is dimmed, and a press there closes it', async ({ page }) => {
  await page.setViewportSize({ width: 800, height: 768 });
  await page.goto(`${here.server.url}/_/policies`);
  await cell(page, 'public', 'read', 'rooms').click();
  await drawer(page).waitFor();
  await assertAccessible(page, 'a drawer over a dimmed page');
  await shoot(page, 'policies-dimmed');
  await page.mouse.click(100, 600);
  await drawer(page).waitFor({ state: 'detached' });
});

for (const size of ['tablet', 'phone']) {
  here.test(`the matrix, the drawer and the simulator fit a ${size}`, { size }, async ({ page }) => {
    const query = new URLSearchParams({ as: `user:${people.tomas.id}`, do: 'delete', in: 'messages', record: message.id, asked: '1' });
    await page.goto(`${here.server.url}/_/policies?${query}`);
    await page.getByText('403 policy_denied').or(page.getByText('404 not_found')).first().waitFor();
    await assertAccessible(page, `policies on a ${size}`);
    await assertFits(page, `policies on a ${size}`);
    await shoot(page, 'policies-fit');
    await cell(page, 'user', 'update', 'messages').click();
    await drawer(page).getByText('Fields that may change').waitFor();
    await assertAccessible(page, `a cell on a ${size}`);
    await assertFits(page, `a cell on a ${size}`);
    await shoot(page, 'policies-cell-fit');
  });
}
