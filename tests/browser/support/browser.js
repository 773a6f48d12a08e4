/** Chromium as the machine has it, pages that fail on any error of the panel, axe, and pictures to look at. */
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const folder = fileURLToPath(new URL('../screenshots/', import.meta.url));
const axeSource = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const known = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** No step of the panel takes this long, also on a busy machine. */
const WAIT_MS = 15_000;

/** The widths of the visual language. */
export const sizes = {
  desktop: { width: 1440, height: 900 },
  tablet: { width: 1024, height: 768 },
  phone: { width: 390, height: 844 },
};

/** Launches the browser; `CHROMIUM_BIN` names another one. */
export async function launch() {
  const executablePath = process.env.CHROMIUM_BIN || known.find((path) => existsSync(path));
  if (!executablePath) throw new Error('no Chromium: install it with `apt-get install chromium`');
  return chromium.launch({ executablePath, args });
}

/**
 * A page that remembers what must not happen: errors of scripts, refused content, failed loads of the panel's
 * own files. Answers of the API that are refusals are the test's business and not counted.
 */
export async function openPage(browser, { theme = 'light', size = 'desktop' } = {}) {
  const phone = size === 'phone';
  const context = await browser.newContext({ viewport: sizes[size], colorScheme: theme, hasTouch: phone, isMobile: phone });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    const api = message.location().url.includes('/api/v1/');
    if (['error', 'warning'].includes(message.type()) && !api) faults.push(`console: ${message.text()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && new URL(response.url()).pathname.startsWith('/_/')) faults.push(`${response.status()} ${response.url()}`);
  });
  return { page, context, faults };
}

/** Waits until what fades and slides has come to rest; a wheel that turns for ever does not count. */
async function settle(page) {
  await page.evaluate(() =>
    Promise.all(
      globalThis.document
        .getAnimations()
        .filter((animation) => animation.effect.getComputedTiming().iterations !== Infinity)
        .map((animation) => animation.finished.catch(() => undefined)),
    ),
  );
}

/** Nothing for axe to find, in what WCAG 2.2 AA and good practice ask. */
export async function assertAccessible(page, what) {
  await settle(page);
  await page.evaluate(`${await readFile(axeSource, 'utf8')};0`);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(globalThis.document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  );
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.target.join(' ')).join('\n  ')}`);
  assert.deepEqual(found, [], `axe finds nothing on ${what}`);
}

/** A picture in `screenshots/`, in both themes and the size of the page, once what moves has come to rest. */
export async function shoot(page, name) {
  await mkdir(folder, { recursive: true });
  const { width } = page.viewportSize();
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    await settle(page);
    await page.screenshot({ path: `${folder}${name}-${width}-${theme}.png` });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Nothing sticks out: the page does not scroll sideways. */
export async function assertFits(page, what) {
  const { scroll, width } = await page.evaluate(() => ({
    scroll: globalThis.document.documentElement.scrollWidth,
    width: globalThis.document.documentElement.clientWidth,
  }));
  assert.ok(scroll <= width, `${what} is ${scroll} wide in a window of ${width}`);
}
