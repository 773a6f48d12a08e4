/** The grid while others write: what changes flashes, what comes waits, what goes fades, and nothing moves by itself. */
import assert from 'node:assert/strict';
import { assertAccessible, assertFits, shoot } from './support/browser.js';
import { cell, chat, idsOf, openGrid, until } from './support/chat.js';
import { signIn } from './support/panel.js';
import { stage } from './support/stage.js';

const COLUMNS = 'columns=body,author,room,kind,pinned,likes,replyTo,createdAt';

const here = stage((server) => chat(server));

const messages = () => here.world.client.collection('messages');
const write = (body) => messages().create({ body, author: here.world.users[0].id, room: here.world.rooms[0].id });
const live = (page) => page.getByRole('status').getByText('Live', { exact: true }).first().waitFor();

here.test('changed cells flash in their place, new rows wait in the head, deleted ones fade', async ({ page }) => {
  await openGrid(page, here.server, `messages?${COLUMNS}`);
  await live(page);
  const before = await idsOf(page);
  const [first, second, third, fourth] = before;
  await cell(page, fourth, 'body').hover();

  await messages().update(second, { likes: 9000 });
  await cell(page, second, 'likes').locator('.flash').waitFor();
  await messages().update(third, { body: 'Changed by somebody else' });
  await cell(page, third, 'body').getByText('Changed by somebody else').waitFor();
  assert.equal(await cell(page, second, 'author').locator('.flash').count(), 0, 'only what changed flashes');
  for (const body of ['One', 'Two', 'Three']) await write(body);
  await page.getByRole('button', { name: '3 new' }).waitFor();
  await messages().delete(first);
  await page.locator(`.gone[data-id="${first}"]`).waitFor();
  assert.deepEqual(await idsOf(page), before, 'no row moved under the pointer');
  await shoot(page, 'records-live');
  await assertAccessible(page, 'rows that wait');

  await page.getByRole('button', { name: '3 new' }).click();
  await page.getByText('Three', { exact: true }).waitFor();
  const after = await idsOf(page);
  assert.deepEqual(after.slice(3, 6), [second, third, fourth], 'the shadow is gone, the new ones stand above');
  await page.mouse.move(5, 5);
  await messages().delete(after[0]);
  await until(() => page.locator(`[data-id="${after[0]}"]`).count(), (count) => count === 0, 'the deleted row');
});

here.test('a row that an update moves out of the filter leaves, one that it moves in waits', async ({ page }) => {
  await openGrid(page, here.server, `messages?filter=${encodeURIComponent('kind == "image"')}`);
  await live(page);
  const [leaves] = await idsOf(page);
  const { items } = await messages().list({ where: { kind: 'text' }, orderBy: ['-createdAt'], limit: 1 });
  await messages().update(leaves, { kind: 'system' });
  await page.locator(`.gone[data-id="${leaves}"]`).waitFor();
  await messages().update(items[0].id, { kind: 'image' });
  await page.getByRole('button', { name: '1 new' }).click();
  await page.locator(`[data-id="${items[0].id}"]`).waitFor();
});

here.test('what was missed while the connection was cut is there when it is back', { as: null }, async ({ page }) => {
  let cut = false;
  let socket;
  await page.routeWebSocket(/\/api\/v1\/realtime/, (route) => {
    if (cut) return route.close();
    socket = route;
    route.connectToServer();
  });
  await signIn(page, here.server);
  await openGrid(page, here.server, `messages?${COLUMNS}`);
  await live(page);
  const [, id, other] = await idsOf(page);
  cut = true;
  await socket.close();
  await page.getByRole('status').getByText(/Offline|Connecting/).waitFor();
  await messages().update(id, { body: 'Written in the meantime' });
  await messages().delete(other);
  await write('Made in the meantime');
  cut = false;
  await cell(page, id, 'body').getByText('Written in the meantime').waitFor();
  await page.getByRole('button', { name: '1 new' }).waitFor();
  await until(() => page.locator(`[data-id="${other}"]:not(.gone)`).count(), (count) => count === 0, 'the deleted row');
  await live(page);
});

here.test('ten thousand rows: few are drawn, all can be reached, and each is there once', async ({ page }) => {
  const numbers = here.world.client.collection('numbers');
  const count = 10_000;
  for (let from = 0; from < count; from += 500) await numbers.create(Array.from({ length: 500 }, (_, at) => ({ n: from + at })));
  await openGrid(page, here.server, 'numbers?sort=n');
  const scroller = page.getByRole('grid');
  await page.getByRole('button', { name: 'Count', exact: true }).click();
  await page.getByText('10,000 in all, exact').waitFor();
  await page.reload();
  await scroller.waitFor();
  await until(
    async () => {
      await scroller.evaluate((box) => (box.scrollTop = box.scrollHeight));
      return page.getByText('10,000 in all, exact').count();
    },
    (shown) => shown === 1,
    'the last page',
    60_000,
  );
  // Sorted by n from 0 on: each place has its own number, or a row is missing or there twice.
  for (let at = 0; at < count; at += 619) {
    await scroller.evaluate((box, row) => (box.scrollTop = row * 32), at);
    await page.locator(`[aria-rowindex="${at + 2}"] [data-column="n"]`).getByText(String(at), { exact: true }).waitFor();
    const drawn = await page.locator('[role="grid"] [data-id]').count();
    assert.ok(drawn < 60, `${drawn} rows are drawn`);
  }
  await scroller.focus();
  await page.keyboard.press('Control+End');
  await page.locator(`[aria-rowindex="${count + 1}"] [data-column="n"]`).getByText('9999', { exact: true }).waitFor();
  await page.keyboard.press('Control+Home');
  await page.getByText('Rows 1–').waitFor();
});

here.test('the count in the rail follows what others write', async ({ page }) => {
  const tags = here.world.client.collection('tags');
  await page.goto(`${here.server.url}/_/data/tags`);
  await live(page);
  const counted = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^tags/ });
  await counted.getByText(/^0/).waitFor();
  const made = await tags.create([{ name: 'a' }, { name: 'b' }]);
  await counted.getByText(/^2/).waitFor();
  for (const { id } of made) await tags.delete(id);
  await counted.getByText(/^0/).waitFor();
});

here.test('a change of the schema shows in the open grid', async ({ page }) => {
  const { admin } = here.world;
  await admin.collections.create({ name: 'notes', schema: { type: 'object', properties: { text: { type: 'string' } } } });
  await here.world.client.collection('notes').create({ text: 'One' });
  await openGrid(page, here.server, 'notes');
  await live(page);
  const { schema } = await admin.collections.get('notes');
  await admin.collections.update('notes', { schema: { ...schema, properties: { ...schema.properties, urgent: { type: 'boolean', default: true } } } });
  await page.getByRole('columnheader', { name: 'urgent' }).waitFor();
  await here.world.client.collection('notes').create({ text: 'Two', urgent: false });
  // It waits behind the pill, unless the rows were still being read again.
  const pill = page.getByRole('button', { name: '1 new' });
  const row = page.getByRole('row').filter({ hasText: 'Two' });
  await pill.or(row).first().waitFor();
  if (await pill.isVisible()) await pill.click();
  await row.getByText('false', { exact: true }).waitFor();
});

here.test('accounts are looked at here and managed on their own screen', async ({ page }) => {
  await openGrid(page, here.server, 'users');
  assert.equal(await page.getByRole('button', { name: 'New record' }).count(), 0);
  await page.locator('.pick input').first().check();
  assert.equal(await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).count(), 0);
  await page.getByRole('link', { name: 'Manage accounts' }).click();
  await page.waitForURL('**/_/users');
});

here.test('the grid holds at every width, in both themes', async ({ page }) => {
  await openGrid(page, here.server, 'messages');
  for (const [width, height] of [
    [1440, 900],
    [1024, 768],
  ]) {
    await page.setViewportSize({ width, height });
    await assertFits(page, `the grid at ${width}`);
    await assertAccessible(page, `the grid at ${width}`);
    await shoot(page, 'records');
  }
  await page.emulateMedia({ colorScheme: 'dark' });
  await assertAccessible(page, 'the grid by night');
});

here.test('on a phone rows are cards of the chosen columns', { size: 'phone' }, async ({ page }) => {
  await page.goto(`${here.server.url}/_/data/messages?${COLUMNS}`);
  const card = page.getByRole('listitem').filter({ hasText: 'likes' }).first();
  await card.waitFor();
  await assertFits(page, 'the cards');
  await assertAccessible(page, 'the cards');
  await write('For the phone');
  await page.getByRole('button', { name: '1 new' }).waitFor();
  await card.getByRole('checkbox').check();
  await shoot(page, 'records-cards');
  await page.getByRole('button', { name: '1 new' }).click();
  await page.getByText('For the phone').waitFor();
  await page.getByRole('button', { name: 'Clear the selection' }).click();
  await page.getByRole('button', { name: /^Open …/ }).first().click();
  await page.getByRole('dialog', { name: /^Record/ }).waitFor();
  await assertFits(page, 'the record on a phone');
  await assertAccessible(page, 'the record on a phone');
  await shoot(page, 'record');
});

here.test('an empty collection teaches, and shows its first record at once', async ({ page }) => {
  await page.goto(`${here.server.url}/_/data/tags`);
  await page.getByText("await db.collection('tags').create({ name: 'urgent' });").waitFor();
  await page.getByText(/^curl .*--json '\{"name":"urgent"\}'$/).waitFor();
  await assertAccessible(page, 'the empty collection');
  await shoot(page, 'records-empty');
  await here.world.client.collection('tags').create({ name: 'first' });
  await page.getByRole('grid').getByText('first', { exact: true }).waitFor();
  await page.goto(`${here.server.url}/_/data/nowhere`);
  await page.getByText('There is no collection nowhere').waitFor();
});
