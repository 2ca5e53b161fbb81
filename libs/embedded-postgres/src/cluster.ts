import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Account } from './account.ts';
import { type PostgresBinaries, majorVersionOf } from './binaries.ts';
import { EmbeddedPostgresError } from './errors.ts';

/** A folder ready for a server: where its files are, and the superuser's password. */
export interface Cluster {
  readonly path: string;
  readonly password: string;
}

/**
 * Opens the cluster in a folder, or makes one. It is made beside its place and then moved there, so
 * that a start killed in the middle leaves no half-made cluster.
 */
export async function openCluster(
  directory: string,
  binaries: PostgresBinaries,
  account: Account,
): Promise<Cluster> {
  const path = join(directory, 'cluster');
  const passwordFile = join(directory, 'password');
  const version = await readIfThere(join(path, 'PG_VERSION'));
  if (version !== undefined) {
    await checkVersion(directory, version.trim(), binaries);
    return { path, password: (await readFile(passwordFile, 'utf8')).trim() };
  }

  const draft = join(directory, 'cluster.new');
  await Promise.all([draft, path].map((folder) => rm(folder, { recursive: true, force: true })));
  const password = randomBytes(24).toString('base64url');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account.ids) await chown(passwordFile, account.ids.uid, account.ids.gid);
  await initialise(draft, passwordFile, binaries, account);
  await rename(draft, path);
  return { path, password };
}

/** Makes the folder and gives it to the account that the server runs as. */
export async function prepareFolder(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 });
    const probe = join(directory, `.probe-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'unwritable',
      `The folder ${directory} cannot be written (${(cause as NodeJS.ErrnoException).code}). ` +
        'Give this user the right to write there, or choose another folder.',
      { cause },
    );
  }
}

/** Gives a folder to the account, unless it owns it already. */
export async function giveTo(account: Account, directory: string): Promise<void> {
  if (!account.ids) return;
  const { uid } = await stat(directory);
  if (uid !== account.ids.uid) await chown(directory, account.ids.uid, account.ids.gid);
}

async function checkVersion(directory: string, found: string, binaries: PostgresBinaries) {
  const expected = await majorVersionOf(binaries);
  if (found === expected) return;
  throw new EmbeddedPostgresError(
    'version',
    `The database in ${directory} was made by PostgreSQL ${found}, this is PostgreSQL ${expected}. ` +
      'Start with the version that made it and take a backup, or begin anew with an empty folder (npm start -- --fresh).',
  );
}

async function initialise(
  path: string,
  passwordFile: string,
  binaries: PostgresBinaries,
  account: Account,
): Promise<void> {
  const { command, args, options } = account.commandLine(binaries.initdb, [
    `--pgdata=${path}`,
    `--pwfile=${passwordFile}`,
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8 is the same on every system, whatever locales that one has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    '--no-sync',
  ]);
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: '/',
    ...options,
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [code, output] = await Promise.all([ended, text(child.stderr)]);
  if (code === 0) return;
  const reason = output.split('\n').find((line) => /error|fatal/i.test(line)) ?? output.trim();
  throw new EmbeddedPostgresError(
    'failed',
    `initdb could not make a database in ${path}: ${reason}`,
  );
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
