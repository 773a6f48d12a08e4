/** Cells edited in place: every kind, refusals, somebody else's edits, deletions, and the way back from all of it. */
import assert from 'node:assert/strict';
import { assertAccessible, launch, shoot } from './support/browser.js';
import { cell, chat, idsOf, openGrid, until } from './support/chat.js';
import { stage } from './support/stage.js';

const TYPED = 'columns=body,author,kind,pinned,likes,ticket';
const NESTED = 'columns=sentAt,labels,mentions,meta,replyTo';

const here = stage((server) => chat(server));

const stored = (id) => here.world.client.collection('messages').get(id);
const saved = (id, field, value) =>
  until(
    async () => (await stored(id))[field],
    (now) => JSON.stringify(now) === JSON.stringify(value),
    `${field} of ${id}`,
  );

/** How many records the server says hold this integer: a number of JavaScript could not tell. */
async function holding(ticket) {
  const { total } = await here.world.client.collection('messages').list({ where: { ticket }, limit: 1, count: 'exact' });
  return total;
}

async function type(page, id, column, text) {
  await cell(page, id, column).dblclick();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

here.test('text, numbers, booleans, choices and relations are written in their cells, and undone', async ({ page }) => {
  await openGrid(page, here.server, `messages?${TYPED}`);
  const [id, other] = await idsOf(page);
  const before = await stored(id);

  await type(page, id, 'body', 'Edited here');
  await page.keyboard.press('Enter');
  await saved(id, 'body', 'Edited here');
  await type(page, id, 'likes', '41');
  await cell(page, other, 'body').click();
  await saved(id, 'likes', 41);
  assert.equal(await page.locator('.flash').count(), 0, 'one’s own edits do not flash');
  await page.locator('.toast', { hasText: 'likes set to 41' }).getByRole('button', { name: 'Undo' }).click();
  await saved(id, 'likes', before.likes);

  await cell(page, id, 'pinned').dblclick();
  await page.getByRole('listbox', { name: 'pinned' }).waitFor();
  await assertAccessible(page, 'the list of a boolean');
  await page.keyboard.press(before.pinned ? 'f' : 't');
  await page.keyboard.press('Enter');
  await saved(id, 'pinned', !before.pinned);
  await cell(page, id, 'kind').dblclick();
  await page.getByRole('option', { name: 'system' }).click();
  await saved(id, 'kind', 'system');

  await cell(page, id, 'author').dblclick();
  await page.getByRole('combobox').pressSequentially('LENA');
  await page.getByRole('option', { name: /lena@harbor/ }).waitFor();
  await assertAccessible(page, 'the picker of a relation');
  await shoot(page, 'records-picker');
  await page.keyboard.press('Enter');
  await cell(page, id, 'author').getByText('lena@harbor.example', { exact: true }).waitFor();
  await page.getByText('author set to').waitFor();

  await page.keyboard.press('Control+z');
  await saved(id, 'author', before.author);
  await page.keyboard.press('Control+Shift+z');
  await saved(id, 'author', here.world.users[2].id);

  // Who types and presses Enter at once means what was typed, not what stood there before.
  await cell(page, id, 'author').dblclick();
  await page.getByRole('combobox', { name: 'Search users' }).fill('tomas');
  await page.keyboard.press('Enter');
  await saved(id, 'author', here.world.users[0].id);
  await page.getByRole('listbox', { name: 'users' }).waitFor({ state: 'hidden' });

  // The same value again is no edit, and the grid has the keyboard back.
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: 'tomas@harbor.example', selected: true }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('listbox', { name: 'users' }).waitFor({ state: 'hidden' });
  await page.keyboard.press('e');
  await page.getByRole('listbox', { name: 'users' }).waitFor();
});

here.test('a 64-bit integer goes to the server and back digit for digit', async ({ page }) => {
  await openGrid(page, here.server, `messages?${TYPED}`);
  const [id] = await idsOf(page);
  await type(page, id, 'ticket', '9223372036854775808');
  await page.keyboard.press('Enter');
  await page.getByText('beyond 64 bits').waitFor();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('9223372036854775807');
  await page.keyboard.press('Enter');
  await until(() => holding(9223372036854775807n), (count) => count === 1, 'the exact integer');
  await page.reload();
  await cell(page, id, 'ticket').getByText('9223372036854775807').waitFor();
  await page.keyboard.press('Escape');
});

here.test('times, lists, JSON and relations to many have editors of their own, and NULL is a value', async ({ page }) => {
  await openGrid(page, here.server, `messages?${NESTED}`);
  const [, id] = await idsOf(page);

  await cell(page, id, 'sentAt').dblclick();
  await cell(page, id, 'sentAt').locator('input').fill('2026-03-01T12:30:15');
  await page.getByText(/1 Mar 2026, .* UTC/).waitFor();
  await page.keyboard.press('Enter');
  const zone = await page.evaluate(() => new Date('2026-03-01T12:30:15').toISOString());
  await saved(id, 'sentAt', zone);

  await cell(page, id, 'labels').dblclick();
  const list = page.getByRole('dialog', { name: 'labels' });
  await list.getByRole('button', { name: 'Add item' }).click();
  await page.keyboard.type('gamma');
  await page.keyboard.press('Control+Enter');
  await until(async () => (await stored(id)).labels?.at(-1), (last) => last === 'gamma', 'the new label');

  await cell(page, id, 'meta').dblclick();
  await page.locator('.attached .cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('{"client": "cli", "size": 9007199254740993}');
  await assertAccessible(page, 'the JSON of a cell');
  await shoot(page, 'records-json');
  await page.keyboard.press('Control+Enter');
  await cell(page, id, 'meta').getByText('"size":9007199254740993').waitFor();

  await cell(page, id, 'labels').click();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.getByRole('option', { name: /ravi@harbor/ }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await until(async () => (await stored(id)).mentions?.includes(here.world.users[3].id), Boolean, 'the mention');

  await cell(page, id, 'sentAt').click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Set sentAt to NULL' }).click();
  await saved(id, 'sentAt', null);
  await cell(page, id, 'sentAt').getByText('NULL').waitFor();
});

here.test('what is refused stays in its cell with the reason, and the screen is not left by mistake', async ({ page }) => {
  await openGrid(page, here.server, 'rooms?sort=name');
  const [design, general] = await idsOf(page);
  await type(page, design, 'name', 'launch');
  await page.keyboard.press('Enter');
  await page.getByText('Another record has the same name').waitFor();
  await cell(page, general, 'topic').click();
  await page.getByText('1 edit not saved').waitFor();
  await shoot(page, 'records-refused');

  await page.getByRole('link', { name: 'Schema', exact: true }).click();
  await page.getByRole('dialog').getByText('Leave rooms?').waitFor();
  await page.getByRole('button', { name: 'Stay' }).click();
  await page.getByRole('button', { name: '1 edit not saved' }).click();
  await page.getByText('Another record has the same name').waitFor();
  await page.keyboard.press('Escape');
  await cell(page, design, 'name').getByText('design').waitFor();
  assert.equal((await here.world.client.collection('rooms').get(design)).name, 'design');
});

here.test('a refused edit whose row is filtered away is taken over by the drawer', async ({ page }) => {
  await openGrid(page, here.server, 'rooms?sort=name');
  const [design] = await idsOf(page);
  await type(page, design, 'name', 'general');
  await page.keyboard.press('Enter');
  await page.getByText('Another record has the same name').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.insertText('name == "launch"');
  await page.keyboard.press('Enter');
  await page.locator(`[data-id="${design}"]`).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: '1 edit not saved' }).click();
  const drawer = page.getByRole('dialog', { name: /^Record/ });
  await until(() => drawer.getByLabel('name', { exact: true }).inputValue(), (value) => value === 'general', 'the refused text');
  await drawer.getByLabel('name', { exact: true }).fill('drawing');
  await page.keyboard.press('Control+s');
  await until(async () => (await here.world.client.collection('rooms').get(design)).name, (name) => name === 'drawing', 'the saved name');
});

here.test('two people at one cell: three sides to choose from; at two cells nothing is asked', async ({ page }) => {
  await openGrid(page, here.server, `messages?${TYPED}`);
  const [, , id] = await idsOf(page);
  const messages = here.world.client.collection('messages');
  const base = (await stored(id)).likes;

  await type(page, id, 'likes', '500');
  await messages.update(id, { likes: 333 });
  await page.keyboard.press('Enter');
  const strip = page.getByRole('dialog', { name: 'likes was changed while you were editing' });
  await strip.waitFor();
  assert.equal((await stored(id)).likes, 333, 'nothing was overwritten');
  await strip.getByRole('radio', { name: `Base ${base}` }).waitFor();
  await assertAccessible(page, 'the merge strip');
  await shoot(page, 'records-conflict');
  await strip.getByRole('radio', { name: 'Yours 500' }).check();
  await strip.getByRole('button', { name: 'Merge' }).click();
  await saved(id, 'likes', 500);

  await type(page, id, 'likes', '12');
  await messages.update(id, { body: 'Theirs' });
  await page.keyboard.press('Enter');
  await saved(id, 'likes', 12);
  assert.equal((await stored(id)).body, 'Theirs');

  await messages.update(id, { likes: 77 });
  await cell(page, id, 'likes').getByText('77').waitFor();
  await page.locator('.toast', { hasText: 'likes set to 12' }).getByRole('button', { name: 'Undo' }).click();
  await page.getByText('likes was changed again since').waitFor();
  assert.equal((await stored(id)).likes, 77, 'undo does not undo other people');
});

here.test('chosen rows are deleted together, and come back under their ids', async ({ page }) => {
  await openGrid(page, here.server, `messages?${TYPED}`);
  const [first, second, third] = (await idsOf(page)).slice(5);
  const kept = await stored(second);
  for (const id of [first, third]) await page.locator(`[data-id="${id}"]`).getByRole('checkbox').click(id === third ? { modifiers: ['Shift'] } : {});
  const bar = page.getByRole('toolbar', { name: 'Chosen records' });
  await bar.getByText('3 selected').waitFor();
  await assertAccessible(page, 'chosen rows');
  await shoot(page, 'records-chosen');
  await bar.getByRole('button', { name: 'Delete' }).click();
  const question = page.getByRole('dialog', { name: 'Delete 3 records of messages?' });
  await question.getByText('messages.replyTo is unset where it points here').waitFor();
  await question.getByRole('button', { name: 'Delete 3 records' }).click();
  const news = page.locator('.toast', { hasText: 'Deleted 3 records of messages' });
  await news.waitFor();
  await page.getByRole('grid').getByRole('checkbox').nth(1).click();
  await bar.waitFor();
  const tops = async () => Promise.all([news, bar].map(async (one) => (await one.boundingBox())?.y ?? 0));
  await until(tops, ([above, below]) => above + 40 <= below, 'the news above the bar');
  await bar.getByRole('button', { name: 'Clear the selection' }).click();
  assert.equal(await page.locator(`[data-id="${second}"]`).count(), 0);
  await assert.rejects(() => stored(second), { status: 404 });

  await page.locator('.toast', { hasText: 'Deleted 3 records' }).getByRole('button', { name: 'Undo' }).click();
  await page.locator(`[data-id="${second}"]`).waitFor();
  const back = await stored(second);
  for (const field of ['body', 'author', 'room', 'likes', 'labels', 'meta']) assert.deepEqual(back[field], kept[field], field);
});

here.test('keys alone: move, edit, choose, open, make, filter', async ({ page }) => {
  await openGrid(page, here.server, `messages?${TYPED}`);
  const [first, second] = await idsOf(page);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  assert.equal(await page.locator(`[data-id="${second}"]`).getAttribute('aria-selected'), 'true');
  await page.keyboard.press('k');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('e');
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText('By keys');
  await page.keyboard.press('Tab');
  await saved(first, 'body', 'By keys');
  const active = await page.getByRole('grid').getAttribute('aria-activedescendant');
  assert.equal(active, `cell-${first}-author`, 'Tab goes on to the next cell');
  await page.keyboard.press('Shift+Enter');
  await page.getByRole('dialog', { name: /^Record/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: /^Record/ }).waitFor({ state: 'hidden' });
  await page.keyboard.press('n');
  await page.getByRole('dialog', { name: 'New record in messages' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('/');
  await page.keyboard.type('likes > 3');
  await page.keyboard.press('Enter');
  await page.waitForURL(/filter=likes/);
});
