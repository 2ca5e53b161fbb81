import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError } from './errors.ts';
import { isAlive, startOf } from './process-table.ts';

/**
 * Makes this process the one owner of the folder. An owner that was killed leaves its file behind;
 * its process is gone then, and the folder is taken over.
 *
 * @returns gives the folder up again.
 * @throws EmbeddedPostgresError `in-use` while the owner runs.
 */
export async function own(directory: string): Promise<() => Promise<void>> {
  const file = join(directory, 'owner');
  const me = `${process.pid} ${await startOf(process.pid)}`;
  for (;;) {
    try {
      await writeFile(file, me, { flag: 'wx', mode: 0o644 });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = await readOwner(file);
    const [pid, start] = owner.split(' ');
    // One that was killed keeps its start until its parent has taken note of its end.
    if (start && isAlive(Number(pid)) && start === (await startOf(Number(pid)))) {
      throw new EmbeddedPostgresError(
        'in-use',
        `The database in ${directory} is already in use by process ${pid}. Stop that one first, or use another folder.`,
      );
    }
    await removeStale(file, owner);
  }
}

/** What the file says; it is empty for a moment while its owner writes it. */
async function readOwner(file: string): Promise<string> {
  for (let patience = 10; patience > 0; patience -= 1) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (text) return text;
    await sleep(20);
  }
  return '';
}

/** Of several starts that find the same stale file, one may have replaced it by its own already. */
async function removeStale(file: string, stale: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const found = await readFile(aside, 'utf8');
  if (found === stale) await rm(aside);
  else await rename(aside, file);
}
