/** The filter line and its chips, the order and the columns, all of it in the address. */
import assert from 'node:assert/strict';
import { assertAccessible, launch, shoot } from './support/browser.js';
import { cell, chat, idsOf, openGrid, until } from './support/chat.js';
import { stage } from './support/stage.js';

const here = stage((server) => chat(server));

const line = (page) => page.getByRole('textbox', { name: 'Filter expression' });
const filter = (page) => new URL(page.url()).searchParams.get('filter') ?? '';
const filtered = (page, wanted) => until(() => filter(page), (now) => now === wanted, 'the filter');

/** What the server answers to the same question. */
async function answer(expression, orderBy = ['-createdAt']) {
  const { items } = await here.world.client.collection('messages').list({ ...(expression && { filter: expression }), orderBy, limit: 500 });
  return items.map(({ id }) => id);
}

const shows = async (page, wanted) => {
  const expected = await wanted;
  await until(() => idsOf(page), (now) => JSON.stringify(now) === JSON.stringify(expected.slice(0, now.length)) && now.length > 0, 'the rows');
};

here.test('the line filters, completes and shows faults at their place', async ({ page }) => {
  await openGrid(page, here.server, 'messages');
  await page.keyboard.press('/');
  await page.keyboard.type('room.na');
  await page.getByRole('option', { name: /^name/ }).waitFor();
  await shoot(page, 'filter-completion');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('room.name == "launch" && likes > 3');
  await page.keyboard.press('Enter');
  await filtered(page, 'room.name == "launch" && likes > 3');
  await shows(page, answer('room.name == "launch" && likes > 3'));

  await line(page).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('likes > 3 && bodi == "x"');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText(/bodi/).waitFor();
  assert.equal(await page.locator('.cm-lintRange-error').innerText(), 'bodi');
  await assertAccessible(page, 'a filter that is not understood');
  await shoot(page, 'filter-fault');
  await page.getByRole('button', { name: 'Clear', exact: true }).click();
  await filtered(page, '');
  await shows(page, answer(''));
});

here.test('chips and line are one expression', async ({ page }) => {
  await openGrid(page, here.server, 'messages');
  await page.getByRole('button', { name: 'Condition', exact: true }).click();
  const form = page.getByRole('group', { name: 'New condition' });
  await form.getByLabel('Field').selectOption('room.name');
  await form.getByLabel('Value').fill('launch');
  await assertAccessible(page, 'the form of a condition');
  await page.keyboard.press('Enter');
  await filtered(page, 'room.name == "launch"');

  await page.getByRole('button', { name: 'Condition', exact: true }).click();
  await form.getByLabel('Field').selectOption('likes');
  await form.getByLabel('Verb').selectOption('gte');
  await form.getByLabel('Value').fill('many');
  await form.getByRole('button', { name: 'Add condition' }).click();
  await form.getByText('not a whole number').waitFor();
  await form.getByLabel('Value').fill('5');
  await form.getByRole('button', { name: 'Add condition' }).click();
  await filtered(page, 'room.name == "launch" && likes >= 5');
  await shows(page, answer('room.name == "launch" && likes >= 5'));

  await page.getByRole('button', { name: 'likes ≥ 5', exact: true }).click();
  await page.getByRole('group', { name: 'Condition', exact: true }).getByLabel('Value').fill('9');
  await page.keyboard.press('Enter');
  await filtered(page, 'room.name == "launch" && likes >= 9');
  await page.getByRole('button', { name: 'Remove condition room.name is launch' }).click();
  await filtered(page, 'likes >= 9');

  await line(page).click();
  await page.keyboard.press('End');
  await page.keyboard.insertText(' && !(kind == "system" && likes == 0) && createdAt > now - duration("24h")');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'createdAt in the last 24 h', exact: true }).waitFor();
  await page.getByRole('button', { name: 'not kind is system and likes is 0', exact: true }).waitFor();
  const expected = await answer(filter(page));
  await page.getByText(`${expected.length} match, exact`).waitFor();
  await assertAccessible(page, 'the chips');
  await shoot(page, 'filter-chips');
});

here.test('a value of a cell becomes a condition, and Back takes it away', async ({ page }) => {
  await openGrid(page, here.server, 'messages?columns=body,kind,likes');
  const [id] = await idsOf(page);
  await cell(page, id, 'kind').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Filter by this value' }).waitFor();
  await assertAccessible(page, 'the menu of a cell');
  await shoot(page, 'records-menu');
  await page.getByRole('menuitem', { name: 'Filter by this value' }).click();
  const { kind } = await here.world.client.collection('messages').get(id);
  await filtered(page, `kind == "${kind}"`);
  await shows(page, answer(`kind == "${kind}"`));
  const [, other] = await idsOf(page);
  await cell(page, other, 'likes').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Leave this value out' }).click();
  const { likes } = await here.world.client.collection('messages').get(other);
  await filtered(page, `kind == "${kind}" && likes != ${likes}`);
  await shows(page, answer(`kind == "${kind}" && likes != ${likes}`));
  await page.goBack();
  await filtered(page, `kind == "${kind}"`);
  await shows(page, answer(`kind == "${kind}"`));
  await page.goBack();
  await filtered(page, '');
});

here.test('order and columns are in the address, and a reload shows the same', async ({ page }) => {
  await openGrid(page, here.server, 'messages');
  const head = (name) => page.getByRole('columnheader', { name, exact: true });
  await head('likes').getByRole('button').click();
  await shows(page, answer('', ['likes']));
  await head('likes').getByRole('button').click();
  await shows(page, answer('', ['-likes']));
  assert.equal(await head('likes').getAttribute('aria-sort'), 'descending');
  await page.getByRole('columnheader', { name: /^body/ }).getByRole('button').click({ modifiers: ['Shift'] });
  await shows(page, answer('', ['-likes', 'body']));

  await page.getByRole('button', { name: 'Columns' }).click();
  const menu = page.getByRole('dialog', { name: 'Columns' });
  await menu.getByRole('checkbox', { name: 'meta' }).uncheck();
  await menu.getByRole('checkbox', { name: 'updatedAt' }).check();
  await menu.getByRole('button', { name: 'Move author before' }).click();
  await assertAccessible(page, 'the menu of columns');
  await shoot(page, 'records-columns');
  await page.keyboard.press('Escape');
  const address = new URL(page.url()).searchParams;
  assert.equal(address.get('sort'), '-likes,body');
  assert.match(address.get('columns'), /^author,body,.*updatedAt$/);
  assert.doesNotMatch(address.get('columns'), /meta/);

  const rows = await idsOf(page);
  await page.reload();
  await page.locator('[role="grid"] [data-id]').first().waitFor();
  assert.deepEqual((await idsOf(page)).slice(0, 20), rows.slice(0, 20));
  assert.equal((await page.getByRole('columnheader').nth(2).innerText()).trim(), 'author');
});

here.test('the view is taken along as code, with the types of all collections', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await openGrid(page, here.server, `messages?filter=${encodeURIComponent('likes > 3')}`);
  await page.getByRole('button', { name: 'Use in code' }).click();
  const code = page.getByRole('dialog', { name: 'Use in code' });
  await code.getByRole('group', { name: 'types' }).getByText('export type Schema').waitFor();
  await assertAccessible(page, 'the view as code');
  await shoot(page, 'records-code');
  await code.getByRole('button', { name: 'Copy types', exact: true }).click();
  assert.equal(await page.evaluate(() => globalThis.navigator.clipboard.readText()), await here.world.admin.types());
  await code.getByRole('button', { name: 'Copy TypeScript' }).click();
  assert.match(await page.evaluate(() => globalThis.navigator.clipboard.readText()), /list\(\{ filter: "likes > 3", .*\.subscribe\(\{ filter: "likes > 3" \}/s);
});

here.test('one card closes for the next by keys and by touch, and no tooltip is in their way', { size: 'phone' }, async ({ page }) => {
  await page.goto(`${here.server.url}/_/data/messages`);
  await page.getByRole('button', { name: 'Condition' }).click();
  await page.getByRole('dialog', { name: 'New condition' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('dialog', { name: 'Columns' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Columns' }).waitFor({ state: 'hidden' });
});
