/** Checks what the first authenticated screen transfers against its budget, and lists each route's own part. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = { js: 80 * 1024, css: 12 * 1024 };
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

const zipped = new Map();
function size(file) {
  if (!zipped.has(file)) zipped.set(file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length);
  return zipped.get(file);
}

/** All files that `key` needs at once: itself and its static imports, with their styles. */
function files(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) files(next, seen);
  return seen;
}

function weigh(keys) {
  const js = new Set();
  const css = new Set();
  for (const key of keys) {
    js.add(manifest[key].file);
    for (const file of manifest[key].css ?? []) css.add(file);
  }
  const sum = (set) => [...set].reduce((total, file) => total + size(file), 0);
  return { js: sum(js), css: sum(css) };
}

const kib = (bytes) => `${(bytes / 1024).toFixed(1).padStart(6)} KiB`;
const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const base = files(entry);
const first = weigh(new Set([...base, ...files('src/routes/collections/Collections.svelte')]));

console.log('gzip'.padEnd(44), '       js', '        css');
console.log('first authenticated screen'.padEnd(44), kib(first.js), kib(first.css));
for (const key of Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry).sort()) {
  const own = weigh([...files(key)].filter((other) => !base.has(other)));
  console.log(`+ ${key.replace('src/', '')}`.padEnd(44), kib(own.js), kib(own.css));
}

const over = Object.keys(BUDGET).filter((kind) => first[kind] > BUDGET[kind]);
for (const kind of over) console.error(`${kind}: ${first[kind]} bytes are over the budget of ${BUDGET[kind]}`);
process.exit(over.length > 0 ? 1 : 0);
