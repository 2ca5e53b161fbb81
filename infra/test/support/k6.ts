/** A short load by k6, whose metrics go to the stack's Prometheus. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Stack } from '../../src/compose.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../../loadtests/src/load.ts', import.meta.url));

/** Two answers a second each, one of them good: rates need some pushes, one each 5 s. */
const LOAD = ['--fast', '/api/misc/time', '--slow', '/api/users/0', '--rps', '2'];

/** @returns false where k6 is not on the PATH: the panels that need it then stay empty. */
export async function loadWithK6({ entry, prometheus }: Stack): Promise<boolean> {
  const found = await run('k6', ['version']).then(
    () => true,
    () => false,
  );
  if (!found) return false;
  const where = ['--target', entry, '--prometheus', prometheus, '--keep-limit'];
  const args = [program, 'isolation', ...LOAD, '--duration', '30s', ...where];
  await run(process.execPath, args).catch((error: unknown) => {
    // An objective that broke is no matter here.
    if ((error as { code?: unknown }).code !== 1) throw error;
  });
  return true;
}
