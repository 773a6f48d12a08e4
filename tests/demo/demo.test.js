/** The files in a server, on SQLite and on Postgres: what it answers is what the files say, computed here by other means. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Runs the questions against a server that the script in front starts. */
async function run(...before) {
  const child = spawn(before[0], [...before.slice(1), process.execPath, here('questions.js')], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
}

test('the answers are those of the files, on SQLite', () => run(here('../with-server.sh')));
test('the answers are those of the files, on Postgres', () => run(here('../with-postgres.sh'), here('../with-server.sh')));
