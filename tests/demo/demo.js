/** `make demo`: a server full of real data, left running to look at. Its data is made anew each time. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createClient } from '@plinth/client';
import { load, open } from './load.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const directory = `${root}target/demo`;
const address = process.argv[2] ?? '127.0.0.1:8080';
const email = 'demo@example.com';
const password = randomBytes(9).toString('base64url');

rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PLINTH_')));
const server = spawn(`${root}target/release/plinth`, ['serve', '--data', `${directory}/data`, '--listen', address], {
  cwd: directory,
  env: { ...environment, PLINTH_ADMIN_EMAIL: email, PLINTH_ADMIN_PASSWORD: password },
  stdio: ['ignore', 'ignore', 'inherit'],
});
server.once('exit', (code) => process.exit(code ?? 1));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill('SIGTERM'));

const url = `http://${address}`;
const ready = async () => (await fetch(`${url}/readyz`).catch(() => null))?.ok ?? false;
while (!(await ready())) await new Promise((resolve) => setTimeout(resolve, 100));

const db = createClient(url);
await db.auth.login(email, password);
await load(db, (line) => console.log(`  ${line}`));
await open(db);
await db.auth.logout();
console.log(`\nLook at it:  ${url}/_/\nSign in as:  ${email}\nPassword:    ${password}\n\nCtrl-C ends it.`);
