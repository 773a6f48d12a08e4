/** A server of one test file: its own data, a free port, ended with the tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The debug build, or what `PLINTH_BIN` names. */
const binary = process.env.PLINTH_BIN ?? fileURLToPath(new URL('../../../target/debug/plinth', import.meta.url));
const START_MS = 30_000;

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/**
 * Starts `plinth serve` on an empty directory. `setupLink` is the one-time link it printed; `stop()` ends it
 * and removes its data, and fails when it did not end by itself.
 */
export async function startServer() {
  const data = await mkdtemp(join(tmpdir(), 'plinth-browser-'));
  const port = await freePort();
  const child = spawn(binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PLINTH_'))),
  });
  const log = [];
  const exited = once(child, 'exit');
  const setupLink = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no set-up link in ${START_MS} ms:\n${log.join('\n')}`)), START_MS);
    const read = (line) => {
      log.push(line);
      const link = /https?:\/\/\S+#token=\S+/.exec(line)?.[0];
      if (!link) return;
      clearTimeout(timer);
      resolve(link);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    child.once('error', reject);
    exited.then(([code]) => reject(new Error(`the server ended with ${code}:\n${log.join('\n')}`)), reject);
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    log,
    setupLink: await setupLink,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const [code, signal] = await exited;
      clearTimeout(timer);
      await rm(data, { recursive: true, force: true });
      if (signal === 'SIGKILL') throw new Error(`the server did not stop by itself:\n${log.slice(-20).join('\n')}`);
      return code;
    },
  };
}
