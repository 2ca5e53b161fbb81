import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './errors.ts';
import { startOf } from './process-table.ts';

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
    const [pid = '', start] = (await readFile(file, 'utf8')).split(' ');
    if (start && start === (await startOf(Number(pid)))) {
      throw new EmbeddedPostgresError(
        'in-use',
        `The database in ${directory} is already in use by process ${pid}. Stop that one first, or use another folder.`,
      );
    }
    await rm(file, { force: true });
  }
}
