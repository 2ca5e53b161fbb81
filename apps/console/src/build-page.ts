/**
 * Builds the page: `node src/build-page.ts`, which `npm run build` runs. `npm start` runs it when the
 * page is missing or older than its sources, in a process of its own: the bundler is large.
 */
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
// Built aside: whoever reads the page meanwhile reads the whole old one.
const aside = `${dist}page-${process.pid}`;

try {
  await build({
    configFile: fileURLToPath(new URL('../page/vite.config.ts', import.meta.url)),
    build: { outDir: aside, emptyOutDir: true },
  });
  await rm(`${dist}page`, { recursive: true, force: true });
  await rename(aside, `${dist}page`);
} finally {
  await rm(aside, { recursive: true, force: true });
}
