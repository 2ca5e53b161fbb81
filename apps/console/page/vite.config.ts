import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The page of the console, built to `apps/console/dist/page` and served below `/console/`. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  build: {
    outDir: '../dist/page',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy of the page has no `data:`, and every target loads modules.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  logLevel: 'warn',
});
