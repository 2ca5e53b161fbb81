import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { EmbeddedPostgresError } from './errors.ts';

/** Who runs the server, and how a command of theirs is started. */
export interface Account {
  /** Whose the files are; absent when the server runs as the user of this process. */
  readonly ids?: Ids;
  /** What to give to `spawn` for a command line. */
  commandLine(command: string, args: readonly string[]): CommandLine;
}

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: Partial<Ids>;
}

/**
 * PostgreSQL refuses to run as root. Then it runs as the folder's owner, else as the system's
 * `postgres`, else as `nobody`: accounts that exist already, so that nothing is added to the system.
 *
 * @param directory where the data is kept; it exists.
 * @param reach other paths that the account must be able to read.
 */
export async function chooseAccount(directory: string, reach: readonly string[]): Promise<Account> {
  if (process.getuid?.() !== 0) {
    return { commandLine: (command, args) => ({ command, args, options: {} }) };
  }

  const ids = await unprivilegedIds(directory);
  const paths = [directory, ...reach];
  const reachable = await Promise.all(paths.map((path) => canReach(path, ids)));
  if (reachable.every(Boolean)) {
    return { ids, commandLine: (command, args) => ({ command, args, options: ids }) };
  }

  // A clone below /root: only root may enter. Linux can lend the account that one right.
  const setpriv = '/usr/bin/setpriv';
  if (await exists(setpriv)) {
    return { ids, commandLine: (...line) => lendAccess(setpriv, ids, ...line) };
  }
  const blocked = paths[reachable.indexOf(false)];
  throw new EmbeddedPostgresError(
    'unwritable',
    `PostgreSQL cannot run as root, and the user with id ${ids.uid} cannot reach ${blocked}. ` +
      'Start as a normal user, or move the folder to where other users may enter.',
  );
}

function lendAccess(
  setpriv: string,
  ids: Ids,
  command: string,
  args: readonly string[],
): CommandLine {
  const rights = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const user = ['--reuid', `${ids.uid}`, '--regid', `${ids.gid}`, '--clear-groups'];
  return { command: setpriv, args: [...user, ...rights, '--', command, ...args], options: {} };
}

async function unprivilegedIds(directory: string): Promise<Ids> {
  const { uid, gid } = await stat(directory);
  if (uid !== 0) return { uid, gid };
  const accounts = new Map(
    (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => {
      const [name = '', , user, group] = line.split(':');
      return [name, { uid: Number(user), gid: Number(group) }];
    }),
  );
  const found = accounts.get('postgres') ?? accounts.get('nobody');
  if (found) return found;
  throw new EmbeddedPostgresError(
    'unwritable',
    'PostgreSQL cannot run as root, and this system has neither a user "postgres" nor "nobody". Start as a normal user.',
  );
}

async function canReach(path: string, ids: Ids): Promise<boolean> {
  let folder = dirname(resolve(path));
  for (;;) {
    const { mode, uid, gid } = await stat(folder);
    const bit = uid === ids.uid ? 0o100 : gid === ids.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (folder === dirname(folder)) return true;
    folder = dirname(folder);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
