import { requireNode } from './bootstrap/node-version.mjs';

requireNode();

const [{ ensureInstalled }, { supervise }, { runMain }] = await Promise.all([
  import('./bootstrap/install.mjs'),
  import('./bootstrap/supervise.mjs'),
  import('./bootstrap/workspace.mjs'),
]);

await runMain(async () => {
  await ensureInstalled();
  return supervise('data.ts', process.argv.slice(2));
});
