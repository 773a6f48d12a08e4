// Measures what an app pays for the whole of `@plinth/client`: bundled and minified by esbuild, gzip at its best.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const BUDGET_BYTES = 6 * 1024;

const { outputFiles } = await build({
  entryPoints: [new URL('../src/index.ts', import.meta.url).pathname],
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  write: false,
});
const [{ contents }] = outputFiles;
const size = gzipSync(contents, { level: 9 }).length;
console.log(`@plinth/client: ${size} bytes gzip of ${BUDGET_BYTES}, ${contents.length} bytes minified`);
if (size > BUDGET_BYTES) {
  console.error(`${size - BUDGET_BYTES} bytes over the budget`);
  process.exitCode = 1;
}
