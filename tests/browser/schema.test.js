/** A collection drawn and typed, its plan, its application; changes that lose data, fail rows or meet another's. */
import assert from 'node:assert/strict';
import { assertAccessible, assertFits, shoot } from './support/browser.js';
import { adminClient } from './support/panel.js';
import { stage } from './support/stage.js';

const here = stage(adminClient);

/** Adds a field of a kind and names it. */
async function addField(page, kind, name) {
  await page.getByRole('button', { name: 'Add field' }).click();
  await page.getByRole('menuitem', { name: kind, exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: new RegExp(`^${name}\\b`) }).waitFor();
}

/** A collection of a test's own, as the first test draws one. */
async function define(admin, name) {
  await admin.collections.create({
    name,
    schema: {
      type: 'object',
      required: ['room', 'body'],
      properties: {
        room: { type: 'string' },
        body: { type: 'string', maxLength: 200 },
        author: { type: 'string', 'x-relation': { collection: 'users', onDelete: 'restrict' } },
        hearts: { type: 'integer', minimum: 0 },
      },
    },
  });
}

const json = (page) => page.locator('.cm-content');
const plan = (page) => page.getByRole('region', { name: 'Plan' });

/** Replaces the whole text of the JSON pane, as by pasting. */
async function paste(page, text) {
  await json(page).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

here.test('a collection is drawn, read as JSON, planned and created', async ({ page }) => {
  await page.getByRole('link', { name: 'New collection' }).first().click();
  await page.getByLabel('Name of the collection').fill('messages');

  await page.getByRole('button', { name: 'Add field' }).click();
  await page.getByRole('menuitem', { name: 'text', exact: true }).click();
  await page.getByLabel('Name', { exact: true }).fill('id');
  await page.keyboard.press('Enter');
  await page.getByText('id is reserved').waitFor();
  await page.getByRole('switch', { name: 'Required' }).click();
  await page.getByText('id is reserved').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('room');
  await page.keyboard.press('Enter');
  await addField(page, 'text', 'body');
  await page.getByLabel('maxLength').fill('200');
  await page.getByRole('switch', { name: 'Required' }).click();
  await addField(page, 'relation', 'author');
  await addField(page, 'integer', 'likes');
  await page.getByLabel('minimum').fill('0');

  const text = (await json(page).innerText()).replace(/\s+/g, ' ');
  assert.match(text, /"body": \{ "type": "string", "maxLength": 200 \}/);
  assert.match(text, /"required": \["room", "body"\]/);
  assert.match(text, /"x-relation": \{ "collection": "users", "onDelete": "restrict" \}/);

  await plan(page).getByText('Create collection').first().waitFor();
  await assertAccessible(page, 'the editor of a new collection');
  await assertFits(page, 'the editor of a new collection');
  await shoot(page, 'schema-new');
  // A name that is still being typed is part of what is applied.
  await page.getByLabel('Name', { exact: true }).fill('hearts');
  await page.keyboard.press('Control+s');
  await page.waitForURL(/\/_\/(data|schema)\/messages/);
  await page.getByText('Collection messages created').waitFor();

  const { admin } = await adminClient(here.server);
  const created = await admin.collections.get('messages');
  assert.deepEqual(Object.keys(created.schema.properties), ['room', 'body', 'author', 'hearts']);
  assert.deepEqual(created.schema.required, ['room', 'body']);
});

here.test('what is typed as JSON is drawn, unknown keywords stay, and faults stand at their place', async ({ page }) => {
  const { admin } = await adminClient(here.server);
  await define(admin, 'typed');
  await page.goto(`${here.server.url}/_/schema/typed`);
  const stored = JSON.parse(await json(page).innerText());

  await paste(page, '{ "type": "object", "properties": { ');
  await page.getByText('This side follows when the JSON can be read again').waitFor();
  assert.equal(await page.getByRole('button', { name: /^Apply/ }).isDisabled(), true);

  const body = { ...stored.properties.body, examples: ['Freeze is at 18:00'] };
  const next = { ...stored, 'x-team': { owner: 'chat' }, properties: { ...stored.properties, body, pinned: { type: 'boolean' } } };
  await paste(page, JSON.stringify(next));
  await page.getByRole('button', { name: /^pinned\b/ }).waitFor();
  await page.getByRole('button', { name: /^body\b/ }).click();
  await page.getByLabel('minLength').fill('1');
  const text = (await json(page).innerText()).replace(/\s+/g, ' ');
  assert.match(text, /"examples": \["Freeze is at 18:00"\]/);
  assert.match(text, /"x-team": \{ "owner": "chat" \}/);
  assert.match(text, /"minLength": 1/);

  const reserved = { ...next, properties: { ...next.properties, id: { type: 'string' } } };
  await paste(page, JSON.stringify(reserved));
  await plan(page).getByText('The definition is not accepted').waitFor();
  await page.locator('.cm-lintRange-error').first().waitFor();
  await assertAccessible(page, 'the refused definition');
  await shoot(page, 'schema-refused');

  await page.getByRole('button', { name: 'Discard draft' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard draft' }).click();
  await plan(page).getByText('Nothing to apply').waitFor();
});

here.test('a whole definition is pasted, edited on both sides and created, and shows what is wrong with it', async ({ page }) => {
  await page.goto(`${here.server.url}/_/schema/new`);
  await json(page).waitFor();
  const whole = {
    name: 'letters',
    schema: { type: 'object', required: ['room'], properties: { room: { type: 'string' }, text: { type: 'string', maxLength: 2000 } } },
    indexes: [{ fields: ['room', '-createdAt'] }],
  };
  await paste(page, JSON.stringify({ ...whole, indices: [] }));
  await page.getByText('A definition has no member indices').first().waitFor();
  await page.getByText('This side follows when the JSON can be read again').waitFor();

  await paste(page, JSON.stringify(whole));
  await page.getByRole('button', { name: /^text\b/ }).waitFor();
  assert.equal(await page.getByLabel('Name of the collection').inputValue(), 'letters');
  assert.equal(await page.getByRole('radio', { name: 'Definition' }).isChecked(), true);
  await page.getByRole('tab', { name: /^Indexes/ }).click();
  await page.getByRole('switch', { name: 'Unique' }).click();
  await page.getByLabel('Name of the collection').fill('posts');
  const text = (await json(page).innerText()).replace(/\s+/g, ' ');
  assert.match(text, /"name": "posts"/);
  assert.match(text, /"fields": \["room", "-createdAt"\], "unique": true/);
  await assertAccessible(page, 'a definition');
  await shoot(page, 'schema-definition');

  await page.getByRole('radio', { name: 'JSON Schema' }).click();
  assert.deepEqual(JSON.parse(await json(page).innerText()), whole.schema);
  await page.getByRole('button', { name: /^Create collection/, disabled: false }).click();
  await page.getByText('Collection posts created').waitFor();
  const { admin } = await adminClient(here.server);
  const { indexes, schema } = await admin.collections.get('posts');
  assert.deepEqual({ indexes, schema }, { indexes: [{ fields: ['room', '-createdAt'], unique: true }], schema: whole.schema });

  await page.goto(`${here.server.url}/_/schema/posts`);
  await page.getByRole('radio', { name: 'Definition' }).click();
  await plan(page).getByText('Nothing to apply').waitFor();
  await paste(page, JSON.stringify({ ...whole, name: 'posts', search: ['text'] }));
  await plan(page).getByText('full-text search is not supported yet').waitFor();
  await page.locator('.cm-lintRange-error').first().waitFor();
});

here.test('a rename keeps the data, failing rows are shown, and the plan is applied with its count', async ({ page }) => {
  const { client, admin } = await adminClient(here.server);
  await define(admin, 'renamed');
  const author = client.auth.user.id;
  await client.collection('renamed').create([
    { room: 'r1', body: 'short', author, hearts: 3 },
    { room: 'r1', body: 'x'.repeat(150), author, hearts: 14 },
  ]);
  await page.goto(`${here.server.url}/_/schema/renamed?field=hearts`);

  await page.getByLabel('Name', { exact: true }).fill('likes');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^body\b/ }).click();
  await page.getByLabel('maxLength').fill('100');
  await addField(page, 'text', 'threadId');
  await plan(page).getByText('1 row fails').first().waitFor();
  assert.equal(await page.getByRole('button', { name: /^Apply 3 steps/ }).isDisabled(), true);
  await plan(page).getByRole('button', { name: /^Show/ }).click();
  await plan(page).getByText('xxxxxxxx').waitFor();
  await assertAccessible(page, 'a plan with failing rows');
  await shoot(page, 'schema-plan');
  await page.setViewportSize({ width: 1024, height: 768 });
  await assertFits(page, 'the editor at 1024');
  await shoot(page, 'schema-plan');
  await page.setViewportSize({ width: 390, height: 844 });
  await assertFits(page, 'the editor at 390');
  await shoot(page, 'schema-plan');
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.getByRole('button', { name: /^body\b/ }).click();
  await page.getByLabel('maxLength').fill('160');
  await page.getByRole('button', { name: /^Apply 3 steps/, disabled: false }).click();
  await page.getByText('3 steps applied to renamed').waitFor();

  const { items } = await client.collection('renamed').list({ orderBy: ['likes'] });
  assert.deepEqual(items.map(({ likes, threadId }) => [likes, threadId]), [[3, null], [14, null]]);
  assert.equal((await admin.collections.get('renamed')).schema.properties.body.maxLength, 160);
});

here.test('a name that can’t be one is not applied around, by mouse or from elsewhere, but leads back to its input', async ({ page }) => {
  const { client, admin } = await adminClient(here.server);
  await define(admin, 'badges');
  await page.goto(`${here.server.url}/_/schema/badges`);
  await page.getByRole('button', { name: /^room / }).click();
  await page.getByRole('switch', { name: 'Unique' }).click();
  const name = page.getByLabel('Name', { exact: true });
  await name.fill('function');
  await plan(page).getByRole('button', { name: /^Apply/ }).click();
  await page.getByText('function is reserved: it is a word of expressions. It is still called room').waitFor();
  await plan(page).getByText('Waits for another name of room').waitFor();
  assert.ok(await name.evaluate((input) => input === input.ownerDocument.activeElement), 'the keyboard is where the name is');
  await assertAccessible(page, 'a field under a refused name');
  await shoot(page, 'schema-refused-name');

  // Closed and on another tab, it is still what is on the screen.
  await page.getByRole('button', { name: /^room / }).click();
  await page.getByRole('tab', { name: /^Indexes/ }).click();
  await plan(page).getByRole('button', { name: /^Apply/ }).click();
  await page.getByText('function is reserved').waitFor();
  assert.equal(await name.inputValue(), 'function');
  const stored = await admin.collections.get('badges');
  assert.deepEqual(Object.keys(stored.schema.properties), ['room', 'body', 'author', 'hearts']);
  assert.equal(stored.schema.properties.room['x-unique'], undefined);

  await name.fill('place');
  await plan(page).getByRole('button', { name: /^Apply/ }).click();
  await page.getByText(/applied to badges/).waitFor();
  assert.ok((await admin.collections.get('badges')).schema.properties.place['x-unique']);
  client.close();
});

here.test('a change that loses data asks for the name, and leaving a draft asks too', async ({ page }) => {
  const { client, admin } = await adminClient(here.server);
  await define(admin, 'abandoned');
  await client.collection('abandoned').create({ room: 'r1', body: 'short', hearts: 3 });
  await page.goto(`${here.server.url}/_/data`);
  await page.getByRole('heading', { name: 'Collections', level: 1 }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.waitForURL('**/_/schema/abandoned');
  await page.getByRole('button', { name: 'Actions on hearts' }).click();
  await page.getByRole('menuitem', { name: 'Remove field' }).click();

  await page.getByRole('link', { name: 'Data', exact: true }).click();
  const question = page.getByRole('dialog');
  await question.getByText('Discard the draft of abandoned?').waitFor();
  await assertAccessible(page, 'the question about the draft');
  await page.keyboard.press('Escape');
  assert.match(page.url(), /\/schema\/abandoned/);
  await page.goBack();
  await question.getByText('Discard the draft of abandoned?').waitFor();
  await question.getByRole('button', { name: 'Keep editing' }).click();
  assert.match(page.url(), /\/schema\/abandoned/);

  await page.getByRole('button', { name: /^Apply 1 step/, disabled: false }).click();
  await question.getByText('This cannot be undone').waitFor();
  const last = question.getByRole('button', { name: /^Apply/ });
  assert.equal(await last.isDisabled(), true);
  await shoot(page, 'schema-destructive');
  await question.getByLabel('Type abandoned to confirm').fill('abandoned');
  await last.click();
  await page.getByText('1 step applied to abandoned').waitFor();
  const { items } = await client.collection('abandoned').list();
  assert.equal('hearts' in items[0], false);
});

here.test('somebody else’s change meets the draft and both stay', async ({ page }) => {
  const { admin } = await adminClient(here.server);
  await define(admin, 'shared');
  await page.goto(`${here.server.url}/_/schema/shared`);
  await addField(page, 'boolean', 'mine');
  await page.getByRole('button', { name: /^Apply 1 step/, disabled: false }).waitFor();

  const { schema } = await admin.collections.get('shared');
  await admin.collections.update('shared', { schema: { ...schema, properties: { ...schema.properties, hers: { type: 'string' } } } });
  await page.getByRole('button', { name: /^Apply 1 step/ }).click();
  await page.getByText('Someone else changed this schema').waitFor();
  await assertAccessible(page, 'the conflict');
  await shoot(page, 'schema-conflict');
  await page.getByRole('button', { name: 'Put mine onto theirs' }).click();
  await page.getByRole('button', { name: /^hers\b/ }).waitFor();
  await page.getByRole('button', { name: /^Apply 1 step/, disabled: false }).click();
  await page.getByText('1 step applied to shared').waitFor();

  const { properties } = (await admin.collections.get('shared')).schema;
  assert.equal('mine' in properties && 'hers' in properties, true);
});

here.test('an index is added, and a collection is deleted only under its name', async ({ page }) => {
  const { admin } = await adminClient(here.server);
  await admin.collections.create({ name: 'drafts', schema: { type: 'object', properties: { title: { type: 'string' } } } });
  await page.goto(`${here.server.url}/_/schema/drafts?tab=indexes`);
  await page.getByRole('button', { name: 'Add index' }).click();
  await page.getByRole('menuitem', { name: 'title' }).click();
  await assertAccessible(page, 'the indexes');
  await page.getByRole('button', { name: /^Apply 1 step/, disabled: false }).click();
  await page.getByText('1 step applied to drafts').waitFor();
  assert.deepEqual((await admin.collections.get('drafts')).indexes.map(({ fields }) => fields), [['title']]);

  await page.goto(`${here.server.url}/_/data`);
  await page.getByRole('button', { name: 'Actions on drafts' }).click();
  await assertAccessible(page, 'the list of collections with a menu');
  await shoot(page, 'collections');
  await page.getByRole('menuitem', { name: 'Delete collection' }).click();
  await page.getByLabel('Type drafts to confirm').fill('drafts');
  await assertAccessible(page, 'the dialog that deletes a collection');
  await shoot(page, 'collection-delete');
  await page.getByRole('dialog').getByRole('button', { name: /^Delete collection/ }).click();
  await page.getByText('Collection drafts deleted').waitFor();
  assert.equal((await admin.collections.list()).some(({ name }) => name === 'drafts'), false);
});
