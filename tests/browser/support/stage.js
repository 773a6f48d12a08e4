/** What every file of tests stands on: a server with its data, a browser, and pages on which nothing may go wrong. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, openPage } from './browser.js';
import { owner, signIn } from './panel.js';
import { startServer } from './server.js';

/**
 * Starts a server and a browser for the tests of a file, and ends both after them. `prepare` gets the server and fills it;
 * what it answers is `world`, whose client is closed at the end. Without it the server is as new: its set-up is open.
 */
export function stage(prepare) {
  const here = {
    server: undefined,
    browser: undefined,
    world: undefined,
    /**
     * A test on a page of its own, `test(name, [options,] run)`: `size` and `theme` as `openPage` takes them, signed in `as` the administrator or
     * somebody else, or as nobody for `null`. Fails on whatever went wrong on the page meanwhile.
     */
    test(name, ...rest) {
      const run = rest.pop();
      const { as = prepare ? owner : null, ...look } = rest.pop() ?? {};
      test(name, async () => {
        const { page, context, faults } = await openPage(here.browser, look);
        try {
          if (as) await signIn(page, here.server, as);
          await run({ page, context, faults });
          assert.deepEqual(faults, []);
        } finally {
          await context.close();
        }
      });
    },
  };
  before(async () => {
    [here.server, here.browser] = await Promise.all([startServer(), launch()]);
    here.world = await prepare?.(here.server);
  });
  after(async () => {
    here.world?.client?.close();
    await here.browser?.close();
    await here.server?.stop();
  });
  return here;
}
