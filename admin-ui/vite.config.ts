import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds the API; the built panel is served by the server itself. */
const server = process.env.PANEL_API ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: '/_/',
  plugins: [svelte()],
  build: {
    target: 'es2023',
    // The first versions with light-dark(), on which the palette stands.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // A data: URL would need a wider policy for nothing.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: {
    proxy: { '/api': { target: server, ws: true, changeOrigin: true } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
