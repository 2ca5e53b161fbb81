import { chown, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@woodytoys/service';
import { tar } from './archive.ts';
import { replacedFolder, restoredFolder } from './data-folder.ts';
import type { DataFolder } from './data-folder.ts';
import { databaseSizes } from './databases.ts';
import { StandaloneError } from './failure.ts';
import { manifestName, parseManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';
import { startPostgres } from './postgres.ts';

const allowedEntry = /^(woodytoys-backup\.json|postgres\/(password|cluster(\/.*)?))$/;

/**
 * Checks a backup: that all of it can be read, that it is one, that it fits this machine.
 *
 * @throws StandaloneError saying what is wrong.
 */
export async function checkBackup(file: string): Promise<Manifest> {
  const listing = await tar(['-tzf', file]).catch((cause: unknown) => {
    throw new StandaloneError(
      `${file} cannot be read as a backup (${cause instanceof Error ? cause.message : cause}). ` +
        'Nothing has been changed.',
      { cause },
    );
  });
  const entries = listing.trim().split('\n');
  const stray = entries.find((entry) => !allowedEntry.test(entry) || entry.includes('..'));
  if (entries[0] !== manifestName || stray !== undefined) {
    throw new StandaloneError(
      `${file} is no backup made by npm run data:backup (${stray ?? entries[0]} does not belong ` +
        'into one). Nothing has been changed.',
    );
  }
  return parseManifest(file, await tar(['-xzOf', file, manifestName]));
}

/**
 * Puts a checked backup in the place of the present data. Those stay until PostgreSQL has opened
 * the new ones and found every database; a restore that is killed leaves the old data.
 *
 * @throws StandaloneError, EmbeddedPostgresError
 */
export async function restore(
  folder: DataFolder,
  file: string,
  manifest: Manifest,
  log: Logger,
): Promise<void> {
  const restored = restoredFolder(folder);
  try {
    await rm(restored, { recursive: true, force: true });
    await mkdir(restored);
    await tar(['-xzf', file, '-C', restored, '--strip-components=1', 'postgres']);
    await giveToOwnerOfCluster(restored);
    await requireDatabases(restored, manifest, log);

    const replaced = replacedFolder(folder);
    if (!(await folder.isEmpty())) await rename(folder.postgres, replaced);
    else await rm(folder.postgres, { recursive: true, force: true });
    await rename(restored, folder.postgres);
    await rm(replaced, { recursive: true, force: true });
  } finally {
    await rm(restored, { recursive: true, force: true });
  }
}

/** Unpacked by root, the files keep the account that PostgreSQL ran as; it must reach them. */
async function giveToOwnerOfCluster(restored: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(join(restored, 'cluster'));
  await chown(restored, uid, gid);
}

async function requireDatabases(restored: string, manifest: Manifest, log: Logger): Promise<void> {
  const postgres = await startPostgres(restored, log);
  try {
    const present = await databaseSizes(postgres.url);
    const missing = Object.keys(manifest.databases).filter((name) => present[name] === undefined);
    if (missing.length === 0) return;
    throw new StandaloneError(
      `The backup lacks the databases ${missing.join(', ')}. The present data have been kept.`,
    );
  } finally {
    await postgres.stop();
  }
}
