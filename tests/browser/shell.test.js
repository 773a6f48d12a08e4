/** What every screen shares: palette, keys, themes, widths, addresses that lead nowhere. */
import assert from 'node:assert/strict';
import { assertAccessible, assertFits, shoot } from './support/browser.js';
import { adminClient } from './support/panel.js';
import { stage } from './support/stage.js';

const here = stage(async (server) => {
  const { admin } = await adminClient(server);
  for (const name of ['rooms', 'messages']) {
    await admin.collections.create({ name, schema: { type: 'object', description: `All ${name}`, properties: { name: { type: 'string' } } } });
  }
});

here.test('the palette finds collections, screens and actions by keys alone', async ({ page }) => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('mess');
  await page.getByRole('option', { name: /^messages/ }).waitFor();
  await assertAccessible(page, 'the palette');
  await shoot(page, 'palette');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/_/schema/messages');
});

here.test('the sheet lists the keys, and Escape closes one layer', async ({ page }) => {
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await sheet.getByText('Search collections').waitFor();
  await assertAccessible(page, 'the key sheet');
  await shoot(page, 'keys');
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'hidden' });
  await page.keyboard.press('/');
  await page.keyboard.type('roo');
  assert.equal(new URL(page.url()).searchParams.get('search'), 'roo');
  await page.getByRole('row', { name: /rooms/ }).waitFor();
  assert.equal(await page.getByRole('row', { name: /messages/ }).count(), 0);
});

here.test('no line of the menu leads nowhere', async ({ page }) => {
  const links = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').evaluateAll((all) => all.map((link) => link.href));
  assert.ok(links.length >= 4);
  for (const link of links) {
    await page.goto(link);
    await page.getByRole('heading', { level: 1 }).waitFor();
    assert.equal(await page.getByText('Nothing is at').count(), 0, link);
  }
  await page.goto(`${here.server.url}/_/nowhere`);
  await page.getByText('Nothing is at /nowhere').waitFor();
  await assertAccessible(page, 'an address that leads nowhere');
});

here.test('the theme follows the system until one is chosen, and the choice stays', { theme: 'dark' }, async ({ page }) => {
  const paper = () => page.evaluate(() => globalThis.getComputedStyle(globalThis.document.body).backgroundColor);
  assert.equal(await paper(), 'rgb(14, 15, 18)');
  await page.getByRole('button', { name: 'Use the light theme' }).click();
  assert.equal(await paper(), 'rgb(247, 246, 245)');
  await page.reload();
  assert.equal(await paper(), 'rgb(247, 246, 245)');
});

for (const size of ['desktop', 'tablet', 'phone']) {
  here.test(`the list of collections fits a ${size}`, { size }, async ({ page }) => {
    await page.getByRole('link', { name: /^messages/ }).first().waitFor();
    await assertAccessible(page, `the list on a ${size}`);
    await assertFits(page, `the list on a ${size}`);
    await shoot(page, 'collections-list');
    if (size === 'phone') {
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('dialog', { name: 'More' }).getByText('Collections').waitFor();
      await assertAccessible(page, 'the sheet on a phone');
      await shoot(page, 'more');
    }
  });
}
