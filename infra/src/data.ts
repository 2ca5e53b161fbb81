/**
 * The data of the compose stack: `npm run compose:backup -- FILE`, `compose:restore -- FILE` and
 * `compose:reset`.
 *
 * A backup is a tar with one `pg_dump` for each service's database. Messages that the broker holds
 * are not in it, so the gateway is stopped first and the dump waits until every outbox and queue
 * is empty: then the databases tell one story. Reading and writing stop for that long.
 */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { applications, docker } from './compose.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const DRAIN_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 60_000;

class DataError extends Error {}

const compose = (...args: readonly string[]) => docker('compose', ...args);

const inPostgres = (script: string) =>
  compose('exec', '-T', 'postgres', 'bash', '-euo', 'pipefail', '-c', script);

/** Starts a process in the database's container with a stream on one of its ends. */
function postgresStream(script: string) {
  return spawn(
    'docker',
    ['compose', 'exec', '-T', 'postgres', 'bash', '-euo', 'pipefail', '-c', script],
    { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] },
  );
}

async function exitCode(child: ReturnType<typeof postgresStream>): Promise<number | null> {
  return child.exitCode ?? (await new Promise((done) => child.once('exit', done)));
}

/** Resolves when every container of the stack that has a health check passes it. */
async function healthy(): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(500)) {
    const states = await compose('ps', '--format', '{{.Service}} {{.Health}}');
    const waiting = states.split('\n').filter((line) => /\s(starting|unhealthy)$/.test(line));
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      throw new DataError(`not healthy after 60 s: ${waiting.join(', ')}; see their logs`);
    }
  }
}

async function services(): Promise<readonly string[]> {
  const names = await inPostgres("awk '{ print $1 }' /run/secrets/postgres/roles");
  return names.split('\n').filter(Boolean);
}

async function assertRunning(): Promise<void> {
  const running = await compose('ps', '--services', '--status', 'running').catch(() => '');
  if (!running.split('\n').includes('postgres')) {
    throw new DataError(
      'the stack is not running; start it with "docker compose up --detach --wait"',
    );
  }
}

/** Messages on their way: rows in the outboxes and what RabbitMQ holds, dead letters aside. */
async function messagesUnderWay(): Promise<number> {
  let count = 0;
  for (const service of await services()) {
    count += Number(
      await inPostgres(
        `psql -U postgres -d ${service} -Atc "SELECT count(*) FROM outbox WHERE dead_at IS NULL"`,
      ),
    );
  }
  const queues = await compose(
    'exec',
    '-T',
    'rabbitmq',
    'rabbitmqctl',
    '--quiet',
    'list_queues',
    'name',
    'messages',
    '--no-table-headers',
  );
  for (const line of queues.split('\n').filter(Boolean)) {
    const [name = '', messages] = line.split('\t');
    if (!name.endsWith('.dead')) count += Number(messages);
  }
  return count;
}

async function backup(file: string): Promise<void> {
  await assertRunning();
  if (await stat(file).catch(() => undefined)) {
    throw new DataError(`${file} exists; name a file that does not`);
  }
  console.log('stopping the gateway, so that nothing new comes in');
  await compose('stop', 'gateway');
  const partial = `${file}.partial`;
  try {
    for (const deadline = Date.now() + DRAIN_TIMEOUT_MS; (await messagesUnderWay()) > 0;) {
      if (Date.now() > deadline) {
        throw new DataError('messages are still under way after 60 s; look at the queues first');
      }
      await sleep(500);
    }
    console.log(`dumping ${(await services()).join(', ')}`);
    const dump = postgresStream(
      `folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
       while read -r service _; do
         pg_dump -U postgres --format=custom --file="$folder/$service.dump" "$service"
       done </run/secrets/postgres/roles
       tar -C "$folder" -cf - .`,
    );
    await pipeline(dump.stdout, createWriteStream(partial, { mode: 0o600 }));
    if ((await exitCode(dump)) !== 0) throw new DataError('pg_dump failed; see above');
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
    await compose('start', 'gateway');
    await healthy();
  }
  console.log(`saved ${file}`);
}

async function restore(file: string): Promise<void> {
  await assertRunning();
  if (!(await stat(file).catch(() => undefined))?.isFile()) {
    throw new DataError(`${file} is not a file`);
  }
  const folder = await inPostgres('mktemp -d /tmp/restore.XXXXXX');
  try {
    const unpack = postgresStream(
      `tar -C ${folder} -xf -
       while read -r service _; do pg_restore --list ${folder}/$service.dump >/dev/null; done </run/secrets/postgres/roles`,
    );
    await pipeline(createReadStream(file), unpack.stdin).catch(() => undefined);
    if ((await exitCode(unpack)) !== 0) {
      throw new DataError(`${file} is not a backup of this stack; nothing was changed`);
    }
    const writers = await applications();
    console.log('stopping the services');
    await compose('stop', ...writers);
    try {
      for (const service of await services()) {
        console.log(`restoring ${service}`);
        await inPostgres(
          `pg_restore -U postgres --single-transaction --clean --if-exists -d ${service} ${folder}/${service}.dump`,
        );
      }
      // What these hold belongs to the data that was replaced.
      await compose('restart', 'redis');
      await compose('exec', '-T', 'rabbitmq', 'bash', '-euo', 'pipefail', '-c', purgeQueues);
    } finally {
      await compose('start', ...writers);
      await healthy();
    }
  } finally {
    await inPostgres(`rm -rf ${folder}`);
  }
  console.log(`restored ${file}`);
}

const purgeQueues = `rabbitmqctl --quiet list_queues name --no-table-headers | while read -r queue; do
  [ -z "$queue" ] || rabbitmqctl --quiet purge_queue "$queue"
done`;

async function reset(): Promise<void> {
  await compose('down', '--volumes', '--remove-orphans');
  console.log('removed; "docker compose up --detach --wait" begins anew');
}

const [command, file] = process.argv.slice(2);
try {
  if (command === 'backup' && file) await backup(file);
  else if (command === 'restore' && file) await restore(file);
  else if (command === 'reset' && !file) await reset();
  else throw new DataError('expected "backup FILE", "restore FILE" or "reset"');
} catch (error) {
  console.error(`data: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof DataError ? 2 : 1;
}
