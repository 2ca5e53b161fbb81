import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PageError, pageFolder, readPage } from '@woodytoys/console/app';
import type { Page } from '@woodytoys/console/app';

const builder = fileURLToPath(import.meta.resolve('@woodytoys/console/build-page'));
const folder = join(builder, '../..');
const sources = ['page', 'src/snapshot.ts', 'package.json'].map((path) => join(folder, path));

/**
 * The page of the console, built first when it is missing or older than its sources: about a second,
 * in a process of its own.
 * @throws PageError when it cannot be built, or `signal` aborts that (rejection).
 */
export async function freshPage(signal: AbortSignal): Promise<Page> {
  const built = await newest(join(pageFolder, 'index.html')).catch(() => 0);
  const written = await Promise.all(sources.map(newest)).catch(() => []);
  // An installation without the sources has the page alone.
  if (written.length > 0 && Math.max(...written) > built) await buildPage(signal);
  return readPage(pageFolder);
}

async function buildPage(signal: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [builder], { cwd: folder, signal });
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    const [reason = 'it ended without a word'] = stderr.split('\n').filter((line) => line.trim());
    throw new PageError(
      `The page cannot be built: ${reason.trim()}. To see all of it: npm run build -w @woodytoys/console`,
      { cause },
    );
  }
}

/** When a file, or the last of a folder's files, was changed; milliseconds since 1970. */
async function newest(path: string): Promise<number> {
  const { mtimeMs } = await stat(path);
  const entries = await readdir(path, { recursive: true }).catch(() => []);
  const times = await Promise.all(
    entries.map(async (name) => (await stat(join(path, name))).mtimeMs),
  );
  return Math.max(mtimeMs, ...times);
}
