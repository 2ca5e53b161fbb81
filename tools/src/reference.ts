/**
 * Writes docs/reference from the catalogues in the code: `node tools/src/reference.ts`.
 *
 * `npm run generate` does this after the types of the contracts; a test fails while what is
 * committed differs from what this writes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { referencePages } from './reference/pages.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

for (const { path, text } of await referencePages(root)) {
  const file = join(root, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  console.log(`wrote ${path}`);
}
