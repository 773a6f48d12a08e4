/** One record in the drawer: its form, its JSON, its errors, and other people at the same time. */
import assert from 'node:assert/strict';
import { assertAccessible, assertFits, launch, shoot } from './support/browser.js';
import { chat, idsOf, openGrid, until } from './support/chat.js';
import { stage } from './support/stage.js';

const here = stage((server) => chat(server, 24));

const messages = () => here.world.client.collection('messages');
const drawer = (page) => page.locator('.drawer');
const field = (page, name) => drawer(page).getByLabel(name, { exact: true });
const save = (page) => drawer(page).getByRole('button', { name: /^(Save|Create)/ });

here.test('a record is edited in its form, checked as it is typed, and saved', async ({ page }) => {
  await openGrid(page, here.server, 'messages');
  const [, id] = await idsOf(page);
  await page.locator(`[data-id="${id}"] [data-column="id"]`).hover();
  await page.locator(`[data-id="${id}"] [data-open]`).click();
  await drawer(page).getByText(id).waitFor();
  assert.equal(await save(page).isDisabled(), true);

  await field(page, 'body').fill('x'.repeat(2107));
  await drawer(page).getByText('2,107 of 2,000').waitFor();
  await drawer(page).getByText('It has 2,107 characters; the limit is 2,000.').waitFor();
  await drawer(page).getByText('1 error').waitFor();
  await assertAccessible(page, 'an error in the form');
  await field(page, 'body').fill('Fixed in the draft');
  await drawer(page).getByRole('switch', { name: 'pinned' }).click();
  await field(page, 'likes').fill('5');
  await drawer(page).getByText('3 fields changed').waitFor();
  await shoot(page, 'record-edited');
  await page.keyboard.press('Control+s');
  await until(async () => (await messages().get(id)).body, (body) => body === 'Fixed in the draft', 'the saved text');
  assert.equal((await messages().get(id)).likes, 5);
  await page.locator('.toast', { hasText: '3 fields changed' }).getByRole('button', { name: 'Undo' }).click();
  await until(async () => (await messages().get(id)).body, (body) => body !== 'Fixed in the draft', 'the old text');
});

here.test('somebody else at the same record: quiet fields follow, the same field asks', async ({ page }) => {
  const id = here.world.made[3].id;
  await page.goto(`${here.server.url}/_/data/messages?record=${id}`);
  await field(page, 'likes').fill('5');
  await messages().update(id, { body: 'Theirs' });
  await until(() => field(page, 'body').inputValue(), (body) => body === 'Theirs', 'their text');
  const base = (await messages().get(id)).likes;
  await messages().update(id, { likes: 3 });
  await drawer(page).getByText('was changed while you were editing').waitFor();
  assert.equal(await save(page).isDisabled(), true);
  await drawer(page).getByRole('radio', { name: `Base ${base}` }).waitFor();
  await assertAccessible(page, 'the conflict');
  await shoot(page, 'record-conflict');
  await drawer(page).getByRole('radio', { name: 'Yours 5' }).check();
  await drawer(page).getByRole('button', { name: 'Merge' }).click();
  await save(page).click();
  await until(async () => (await messages().get(id)).likes, (likes) => likes === 5, 'the merged value');

  await messages().delete(id);
  await drawer(page).getByText('This record was deleted while it was open.').waitFor();
  await drawer(page).getByRole('button', { name: 'Make it again' }).click();
  await until(async () => (await messages().get(id).catch(() => null))?.body, (body) => body === 'Theirs', 'the record made again');
});

here.test('edits are never dropped silently', async ({ page }) => {
  await openGrid(page, here.server, 'messages');
  const [first, second] = await idsOf(page);
  await page.locator(`[data-id="${first}"] [data-column="id"]`).hover();
  await page.locator(`[data-id="${first}"] [data-open]`).click();
  await field(page, 'body').fill('Not saved yet');

  await page.keyboard.press('Escape');
  const question = page.getByRole('dialog', { name: /^Discard the changes/ });
  await assertAccessible(page, 'the question about edits');
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await page.keyboard.press('Alt+ArrowDown');
  await question.getByRole('button', { name: 'Keep editing' }).click();
  await page.goBack();
  await drawer(page).waitFor({ state: 'hidden' });
  await page.goForward();
  await until(() => field(page, 'body').inputValue(), (body) => body === 'Not saved yet', 'the kept edit');
  await page.getByRole('link', { name: 'Schema', exact: true }).click();
  await question.getByRole('button', { name: 'Keep editing' }).click();

  await page.keyboard.press('Escape');
  await question.getByRole('button', { name: 'Discard', exact: true }).click();
  await drawer(page).waitFor({ state: 'hidden' });
  await page.locator(`[data-id="${first}"] [data-column="id"]`).hover();
  await page.locator(`[data-id="${first}"] [data-open]`).click();
  assert.notEqual(await field(page, 'body').inputValue(), 'Not saved yet');
  await drawer(page).getByRole('button', { name: 'Next record' }).click();
  await drawer(page).getByText(second).waitFor();
});

here.test('the JSON is the same record, and is refused as a whole', async ({ page }) => {
  const id = here.world.made[6].id;
  await page.goto(`${here.server.url}/_/data/messages?record=${id}&tab=json`);
  const editor = drawer(page).locator('.cm-content');
  await editor.getByText('"body"').waitFor();
  await assertAccessible(page, 'the JSON of a record');
  await shoot(page, 'record-json');
  const record = JSON.parse(await editor.innerText());
  const replace = async (text) => {
    await editor.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(text);
  };
  await replace(JSON.stringify({ ...record, bodi: 'x' }));
  await drawer(page).getByText('There is no field bodi.').waitFor();
  await replace(JSON.stringify({ ...record, id: record.author }));
  await drawer(page).getByText('id is set by the server').waitFor();
  assert.equal(await save(page).isDisabled(), true);
  await replace(JSON.stringify({ ...record, likes: 8, meta: { a: null, b: [1] } }));
  await drawer(page).getByText('2 fields changed').waitFor();
  await drawer(page).getByRole('tab', { name: 'Fields' }).click();
  assert.equal(await field(page, 'likes').inputValue(), '8');
  await save(page).click();
  await until(async () => (await messages().get(id)).likes, (likes) => likes === 8, 'the saved JSON');
  assert.deepEqual((await messages().get(id)).meta, { a: null, b: [1] }, 'a null inside JSON is kept');
});

here.test('a record is made, refused at its field, deleted and brought back', async ({ page }) => {
  await openGrid(page, here.server, 'messages');
  await page.getByRole('button', { name: 'New record' }).click();
  await page.keyboard.type('Made by hand');
  await save(page).click();
  await drawer(page).getByText('2 errors').waitFor();
  await assertAccessible(page, 'what is missing of a new record');
  await shoot(page, 'record-new');
  for (const [name, part] of [
    ['author', 'tomas'],
    ['room', 'design'],
  ]) {
    await drawer(page).getByRole('button', { name: new RegExp(`^${name}`) }).click();
    await page.getByRole('combobox').pressSequentially(part);
    await page.getByRole('option', { name: new RegExp(part) }).click();
  }
  await save(page).click();
  await page.getByText('Created 1 record in messages').waitFor();
  const id = await until(() => new URL(page.url()).searchParams.get('record'), (record) => record !== 'new', 'the new address');
  assert.equal((await messages().get(id)).kind, 'text', 'the default was set by the server');
  await page.locator(`[data-id="${id}"] [data-column="author"]`).getByText('tomas@harbor.example', { exact: true }).waitFor();

  await drawer(page).getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Delete record' }).click();
  await page.getByRole('button', { name: 'Delete 1 record' }).click();
  await drawer(page).waitFor({ state: 'hidden' });
  await assert.rejects(() => messages().get(id), { status: 404 });
  await page.locator('.toast', { hasText: 'Deleted 1 record' }).getByRole('button', { name: 'Undo' }).click();
  await until(async () => (await messages().get(id).catch(() => null))?.body, (body) => body === 'Made by hand', 'the record brought back');

  await page.goto(`${here.server.url}/_/data/rooms?record=new`);
  await field(page, 'name').fill('launch');
  await save(page).click();
  await drawer(page).getByText('Another record has the same name').waitFor();
  assert.equal(await field(page, 'name').getAttribute('aria-invalid'), 'true');
  await page.goto(`${here.server.url}/_/data/messages?record=0198c1f2-6c0e-7b21-9d55-03a5e2d7a355`);
  await page.getByText('No such record in messages').waitFor();
});

here.test('the drawer holds at every width', async ({ page }) => {
  await page.goto(`${here.server.url}/_/data/messages?record=${here.world.made[9].id}`);
  await field(page, 'body').waitFor();
  for (const [width, height] of [
    [1440, 900],
    [1024, 768],
  ]) {
    await page.setViewportSize({ width, height });
    await assertFits(page, `the record at ${width}`);
    await assertAccessible(page, `the record at ${width}`);
    await shoot(page, 'record');
  }
});
