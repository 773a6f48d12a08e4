/** The whole way of a newcomer in one go: set up, draw a collection, fill it, change it, see what others do. */
import assert from 'node:assert/strict';
import { assertAccessible, launch, shoot } from './support/browser.js';
import { adminClient, setUp } from './support/panel.js';
import { stage } from './support/stage.js';

const here = stage();

/** One cell of the grid by the text of its row and its column. */
function cell(page, row, column) {
  return page.getByRole('row', { name: row }).getByRole('gridcell').nth(column);
}

here.test('from the set-up link to a live grid', async ({ page }) => {
  await setUp(page, here.server);

  // Drawn, then finished as text.
  await page.keyboard.press('n');
  await page.getByLabel('Name of the collection').fill('messages');
  await page.getByRole('button', { name: 'text', exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill('body');
  await page.keyboard.press('Enter');
  await page.getByRole('switch', { name: 'Required' }).click();
  const editor = page.locator('.cm-content');
  const schema = JSON.parse(await editor.innerText());
  schema.properties.room = { type: 'string', maxLength: 20 };
  schema.properties.likes = { type: 'integer', minimum: 0, default: 0 };
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(JSON.stringify(schema));
  await page.getByRole('button', { name: /^likes\b/ }).waitFor();
  await page.getByRole('region', { name: 'Plan' }).getByText('3 fields').waitFor();
  await page.keyboard.press('Control+s');
  await page.waitForURL('**/_/data/messages');

  // A record by the side panel.
  await page.getByRole('heading', { name: 'messages', level: 1 }).waitFor();
  await page.getByRole('button', { name: /^New record/ }).first().click();
  const drawer = page.getByRole('dialog');
  await drawer.getByLabel('body').fill('Freeze is at 18:00');
  await drawer.getByLabel('room').fill('launch');
  await drawer.getByRole('button', { name: /^Create/ }).click();
  const row = page.getByRole('row', { name: /Freeze is at 18:00/ });
  await row.waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });

  // Edited in place.
  const { client } = await adminClient(here.server);
  const stored = async () => (await client.collection('messages').list({ orderBy: ['createdAt'] })).items;
  await cell(page, /Freeze is at 18:00/, 2).dblclick();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('Freeze is at 19:00');
  await page.keyboard.press('Enter');
  await page.getByRole('row', { name: /Freeze is at 19:00/ }).waitFor();
  await assert.doesNotReject(until(async () => (await stored())[0]?.body === 'Freeze is at 19:00'));

  // What somebody else writes: a cell changes, a row waits or comes.
  const [first] = await stored();
  await client.collection('messages').update(first.id, { likes: 14 });
  await page.getByRole('row', { name: /Freeze is at 19:00/ }).getByText('14').waitFor();
  await client.collection('messages').create({ body: 'Written elsewhere', room: 'launch' });
  const pill = page.getByRole('button', { name: /1 new/ });
  const other = page.getByRole('row', { name: /Written elsewhere/ });
  await pill.or(other).first().waitFor();
  if (await pill.isVisible()) await pill.click();
  await other.waitFor();
  await assertAccessible(page, 'the grid of the walk');
  await shoot(page, 'walk-grid');

  // Deleted, and taken back.
  await other.getByRole('checkbox').click();
  await page.getByRole('toolbar', { name: 'Chosen records' }).getByRole('button', { name: /^Delete/ }).click();
  await other.waitFor({ state: 'hidden' });
  assert.equal((await stored()).length, 1);
  await page.getByRole('region', { name: 'Notifications' }).locator('.toast', { hasText: 'deleted' }).getByRole('button', { name: 'Undo' }).click();
  await other.waitFor();
  assert.deepEqual((await stored()).map(({ body }) => body).sort(), ['Freeze is at 19:00', 'Written elsewhere']);

  client.close();
});

/** Waits for a condition that the server decides; fails by itself after a while. */
async function until(holds) {
  for (let left = 50; left > 0; left--) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the condition did not come true');
}
