import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterDeath } from '@woodytoys/embedded-postgres';
import pg from 'pg';
import { freePort } from './ports.ts';

const run = promisify(execFile);
/** The image that the compose stack uses. */
const image = 'edoburu/pgbouncer:v1.24.1-p1';

export interface PgBouncer {
  /** The database's URL, through PgBouncer. */
  readonly url: string;
  /** Kills it and brings it back: every connection through it is lost. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/**
 * PgBouncer in transaction mode, as production has it, in front of one database. It runs in Docker on
 * the host's network, which needs Linux.
 *
 * @param databaseUrl with the user as whom PgBouncer connects to the server.
 * @param serverConnections how many it opens to the server.
 */
export async function startOwnPgBouncer(
  databaseUrl: string,
  serverConnections: number,
): Promise<PgBouncer> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), 'woodytoys-test-pgbouncer-'));
  await chmod(directory, 0o755);
  const file = join(directory, 'pgbouncer.ini');
  await writeFile(file, configuration(new URL(databaseUrl), port, serverConnections));
  const name = `woodytoys-test-pgbouncer-${process.pid}-${randomBytes(3).toString('hex')}`;
  const callOff = afterDeath('docker rm --force "$1"; rm -rf "$2"', [name, directory]);
  const docker = (...args: string[]) => run('docker', args, { timeout: 60_000 });
  const url = new URL(databaseUrl);
  url.port = `${port}`;

  async function close(): Promise<void> {
    await docker('rm', '--force', name);
    await rm(directory, { recursive: true, force: true });
    callOff();
  }
  const about = ['--detach', '--name', name, '--network', 'host', '--entrypoint', 'pgbouncer'];
  const volume = ['--volume', `${file}:/etc/pgbouncer/pgbouncer.ini:ro`];
  try {
    await docker('run', ...about, ...volume, image, '/etc/pgbouncer/pgbouncer.ini');
    await untilAnswering(url.href);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: url.href,
    async restart() {
      await docker('kill', name);
      await docker('start', name);
      await untilAnswering(url.href);
    },
    close,
  };
}

function configuration(server: URL, port: number, serverConnections: number): string {
  const { hostname, username, password } = server;
  return `[databases]
* = host=${hostname} port=${server.port} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${serverConnections}
max_client_conn = 500
max_prepared_statements = 200
`;
}

async function untilAnswering(url: string): Promise<void> {
  for (let patience = 200; ; patience -= 1) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return;
    } catch (error) {
      if (patience === 0) throw error;
      await sleep(100);
    } finally {
      await client.end().catch(() => {});
    }
  }
}
