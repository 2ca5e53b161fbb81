/**
 * Writes grafana/dashboards from their definitions: `node tools/src/dashboards.ts`.
 *
 * `npm run generate` does this last; a test fails while what is committed differs from what this
 * writes.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboardFiles } from './dashboards/files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

for (const { path, text } of await dashboardFiles(root)) {
  await writeFile(join(root, path), text);
  console.log(`wrote ${path}`);
}
