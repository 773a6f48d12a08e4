/** The way of a first administrator without a mouse: from the set-up link to a collection, records and rules. */
import assert from 'node:assert/strict';
import { idsOf, until } from './support/chat.js';
import { assertAccessible, launch } from './support/browser.js';
import { owner } from './support/panel.js';
import { stage } from './support/stage.js';

const here = stage();

/** What has the keyboard: its name for people, or what it is. */
const focused = (page) =>
  page.evaluate(() => {
    const { activeElement } = globalThis.document;
    return activeElement.ariaLabel ?? activeElement.labels?.[0]?.textContent?.trim() ?? activeElement.id ?? activeElement.tagName;
  });
const holds = (page, wanted) => until(() => focused(page), (name) => wanted.test(name), `the keyboard is to be in ${wanted}`);
const press = async (page, ...keys) => {
  for (const key of keys) await page.keyboard.press(key);
};

here.test('set up, define, fill, undo and rule by keys alone', async ({ page }) => {
  await page.goto(here.server.setupLink);
  await holds(page, /^E-mail/);
  await page.keyboard.type(owner.email);
  await press(page, 'Tab');
  await page.keyboard.type(owner.password);
  await press(page, 'Enter');
  await page.waitForURL('**/_/data');
  await page.getByText('Define the first collection').waitFor();

  await press(page, 'n');
  await holds(page, /^Name of the collection/);
  await page.keyboard.type('rooms');
  await press(page, 'Tab', 'Enter');
  await holds(page, /^Name/);
  await page.keyboard.type('title');
  await press(page, 'Tab');
  await holds(page, /^Kind/);
  // The plan is asked for while one types; applying waits for it.
  await press(page, 'Control+s');
  await page.waitForURL('**/_/data/rooms');
  await page.getByText('No records in rooms yet').waitFor();

  await press(page, 'n');
  await holds(page, /title/);
  await page.keyboard.type('launch');
  await press(page, 'Control+s');
  await page.getByText('Created 1 record in rooms').waitFor();
  await press(page, 'Escape');
  await holds(page, /^Records of rooms/);
  await press(page, 'j', 'e');
  await holds(page, /^title/);
  await page.keyboard.type('general');
  await press(page, 'Enter');
  await page.getByRole('gridcell', { name: 'general' }).waitFor();
  await holds(page, /^Records of rooms/);
  await press(page, 'Control+z');
  await page.getByRole('gridcell', { name: 'launch' }).waitFor();

  await press(page, 'x', 'Delete');
  await until(() => idsOf(page), (ids) => ids.length === 0, 'the row is to go');
  await page.getByText('No records in rooms yet').waitFor();
  await press(page, 'Control+z');
  await page.getByRole('gridcell', { name: 'launch' }).waitFor();

  await press(page, 'g', 'p');
  await page.getByRole('grid', { name: 'Rules by role and collection' }).waitFor();
  await press(page, 'm');
  await holds(page, /^public read rooms/);
  await press(page, 'Enter');
  await page.getByRole('dialog', { name: /^Rules: / }).waitFor();
  await holds(page, /No rule/);
  await press(page, 'ArrowRight');
  await page.getByText('1 unsaved rule', { exact: true }).waitFor();
  await assertAccessible(page, 'a rule that is not saved');
  await press(page, 'ArrowLeft', 'Escape');
  await holds(page, /^public read rooms/);
});

here.test('rows are copied as lines for a spreadsheet', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(`${here.server.url}/_/sign-in?next=${encodeURIComponent('/data/rooms?columns=title')}`);
  await holds(page, /^E-mail/);
  await page.keyboard.type(owner.email);
  await press(page, 'Tab');
  await page.keyboard.type(owner.password);
  await press(page, 'Enter');
  const [id] = await until(() => idsOf(page), (ids) => ids.length === 1, 'the row is to come');
  const clipboard = () => page.evaluate(() => globalThis.navigator.clipboard.readText());
  await press(page, 'j', 'Control+c');
  await page.getByText('title copied').waitFor();
  assert.equal(await clipboard(), 'launch');
  await press(page, 'x', 'Control+c');
  await page.getByText('1 row copied').waitFor();
  assert.equal(await clipboard(), `${id}\tlaunch`);
});
