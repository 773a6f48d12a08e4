/** Steps that many tests share, as a person takes them. */
import { createClient } from '@plinth/client';
import { createAdmin } from '@plinth/client/admin';

/** The administrator of every test server. */
export const owner = { email: 'maren@harbor.example', password: 'ocean-9x-limestone' };

/** Follows the set-up link and creates the administrator; ends in the list of collections. */
export async function setUp(page, server) {
  await page.goto(server.setupLink);
  await page.getByLabel('E-mail').fill(owner.email);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: 'Create administrator and open the panel' }).click();
  await page.waitForURL('**/_/data');
  await page.getByRole('heading', { name: 'Collections', level: 1 }).waitFor();
}

/** Signs in on a page that was not yet. */
export async function signIn(page, server, { email, password } = owner) {
  await page.goto(`${server.url}/_/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/sign-in'));
  await page.getByRole('heading', { level: 1 }).waitFor();
}

/** The SDK as the administrator, for what a test needs around the panel; the server is set up if it is not. */
export async function adminClient(server) {
  const client = createClient(server.url);
  const admin = createAdmin(client);
  if (await admin.setup.isOpen()) {
    const token = new URLSearchParams(new URL(server.setupLink).hash.slice(1)).get('token');
    await admin.setup.complete({ token, ...owner });
  } else {
    await client.auth.login(owner.email, owner.password);
  }
  return { client, admin };
}
