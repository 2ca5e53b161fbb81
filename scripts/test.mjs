import { requireNode } from './bootstrap/node-version.mjs';

requireNode();

const [{ ensureInstalled }, { runVitest }, { runMain }] = await Promise.all([
  import('./bootstrap/install.mjs'),
  import('./testing/run-vitest.mjs'),
  import('./bootstrap/workspace.mjs'),
]);

await runMain(async () => {
  await ensureInstalled();
  return runVitest(process.argv.slice(2));
});
