import { mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Logger } from '@woodytoys/service';
import { tar } from './archive.ts';
import type { DataFolder } from './data-folder.ts';
import { databaseSizes } from './databases.ts';
import { StandaloneError, errorCode } from './failure.ts';
import { describeBackup, manifestName } from './manifest.ts';
import { startPostgres } from './postgres.ts';

/**
 * Writes everything in the data folder into `file`, a gzipped tar.
 *
 * It is a cold copy: the folder's owner is this process, so the platform does not run, and
 * PostgreSQL has been started and ended in order before the copy. All databases are therefore as
 * of one moment, the outboxes included; a dump of one database after the other would not be.
 *
 * @returns the file's size in bytes.
 * @throws StandaloneError
 */
export async function backUp(folder: DataFolder, file: string, log: Logger): Promise<number> {
  if (await folder.isEmpty()) {
    throw new StandaloneError(
      `There is nothing to back up in ${folder.directory}: npm start has not made its data yet.`,
    );
  }
  if (await isThere(file)) {
    throw new StandaloneError(`${file} exists already. Name another file, or remove that one.`);
  }
  const databases = await settle(folder, log);

  const draft = `${file}.partial`;
  const scratch = await mkdtemp(join(tmpdir(), 'woodytoys-backup-'));
  try {
    const manifest = await describeBackup(folder.postgres, databases);
    await writeFile(join(scratch, manifestName), JSON.stringify(manifest, undefined, 2));
    // It holds the superuser's password.
    await (await open(draft, 'w', 0o600)).close();
    await tar([
      ...['-czf', draft, '-C', scratch, manifestName],
      ...['-C', folder.directory, 'postgres/password', 'postgres/cluster'],
    ]);
    await syncFile(draft);
    await rename(draft, file);
    return (await stat(file)).size;
  } catch (error) {
    await rm(draft, { force: true });
    throw unwritable(file, error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Lets PostgreSQL finish what an earlier, killed one left, and end in order. */
async function settle(folder: DataFolder, log: Logger): Promise<Record<string, number>> {
  const postgres = await startPostgres(folder.postgres, log);
  try {
    return await databaseSizes(postgres.url);
  } finally {
    await postgres.stop();
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function unwritable(file: string, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code === undefined) return cause;
  return new StandaloneError(
    `${file} cannot be written (${code}). Name a file in a folder that exists and that this user ` +
      `may write (${dirname(file)}).`,
    { cause },
  );
}
