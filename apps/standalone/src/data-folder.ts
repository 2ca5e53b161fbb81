import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError, own, takeOver } from '@woodytoys/database/embedded';
import type { Logger } from '@woodytoys/service';
import { StandaloneError, errorCode } from './failure.ts';

/** Says that a folder is one of ours; nothing is ever deleted from another. */
const markerName = 'woodytoys.json';
const marker = { what: 'The data of "npm start" (Woodytoys platform)', format: 1 };

export interface DataFolder {
  readonly directory: string;
  /** The folder that is given to the embedded PostgreSQL. */
  readonly postgres: string;
  readonly logs: string;
  /** True while no database has been made in it. */
  isEmpty(): Promise<boolean>;
  /** Deletes the databases; ends a server that was left running on them first. */
  clear(log: Pick<Logger, 'debug' | 'warn'>): Promise<void>;
  /** Lets the next owner in. */
  close(): Promise<void>;
}

/**
 * Opens the folder for this process alone; makes it when missing.
 *
 * @throws StandaloneError when it cannot be written, belongs to something else, or is in use.
 */
export async function openDataFolder(directory: string): Promise<DataFolder> {
  await claim(directory);
  const disown = await own(directory).catch((error: unknown) => {
    throw unwritable(directory, error);
  });
  const folder: DataFolder = {
    directory,
    postgres: join(directory, 'postgres'),
    logs: join(directory, 'logs'),
    isEmpty: async () => !(await exists(join(directory, 'postgres', 'cluster', 'PG_VERSION'))),
    clear: async (log) => {
      await takeOver(join(directory, 'postgres', 'cluster'), log);
      const kept = [markerName, 'owner', 'logs'];
      const doomed = (await readdir(directory)).filter((name) => !kept.includes(name));
      for (const name of doomed) await rm(join(directory, name), { recursive: true, force: true });
    },
    close: disown,
  };
  try {
    await finishRestore(folder);
    await makeFolder(folder.logs);
  } catch (error) {
    await disown();
    throw unwritable(directory, error);
  }
  return folder;
}

/** Where a restore keeps the old data until the new ones are in their place. */
export function replacedFolder(folder: Pick<DataFolder, 'directory'>): string {
  return join(folder.directory, 'postgres.replaced');
}

/** Where a restore unpacks. */
export function restoredFolder(folder: Pick<DataFolder, 'directory'>): string {
  return join(folder.directory, 'postgres.restored');
}

/** A restore that was killed between its two renames left the old data aside: they come back. */
async function finishRestore(folder: DataFolder): Promise<void> {
  await rm(restoredFolder(folder), { recursive: true, force: true });
  const replaced = replacedFolder(folder);
  if (!(await exists(replaced))) return;
  if (await exists(folder.postgres)) await rm(replaced, { recursive: true, force: true });
  else await rename(replaced, folder.postgres);
}

async function claim(directory: string): Promise<void> {
  const path = join(directory, markerName);
  try {
    await makeFolder(directory);
    if ((await readdir(directory)).length === 0) {
      await writeFile(path, `${JSON.stringify(marker, undefined, 2)}\n`);
    }
  } catch (error) {
    throw unwritable(directory, error);
  }
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new StandaloneError(
      `The folder ${directory} holds something else (it has no ${markerName}). ` +
        'Name an empty or new one by WOODYTOYS_DATA.',
    );
  }
}

/** Not `mkdir` with `recursive`: where the system makes no folders (`/proc`), that never ends. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

/** The line for a system error; other errors stay what they are. */
function unwritable(directory: string, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code === undefined || cause instanceof EmbeddedPostgresError) return cause;
  return new StandaloneError(
    `The folder ${directory} cannot be written (${code}). ` +
      'Give this user the right to write there, or name another by WOODYTOYS_DATA.',
    { cause },
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
