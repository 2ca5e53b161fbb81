/**
 * The servers of a test run: a real PostgreSQL, Redis and RabbitMQ, found or started once a run and
 * handed to the tests by environment variables (`environment.ts`).
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@woodytoys/embedded-postgres';
import { variables } from './environment.ts';
import { rabbit, redis } from './servers/kinds.ts';
import type { ServerKind } from './servers/server.ts';
import { findSource } from './servers/start.ts';

type Teardown = () => Promise<void>;

/**
 * Vitest loads this file anew for each project of a run, so that a variable of the module would not
 * do: the first project's setup starts the servers, the others wait for it.
 */
const shared = globalThis as { woodytoysTestServers?: Promise<Teardown> };

/** Vitest's `globalSetup`. */
export default async function setup(): Promise<Teardown> {
  if (shared.woodytoysTestServers) {
    await shared.woodytoysTestServers;
    return async () => {};
  }
  shared.woodytoysTestServers = startServers();
  return shared.woodytoysTestServers;
}

/**
 * PostgreSQL is ready when this resolves. Redis and RabbitMQ may still be starting, since most tests
 * do not need them; those that do wait (`describeWithRedis`, `describeWithRabbit`).
 */
async function startServers(): Promise<Teardown> {
  const started = await Promise.allSettled([
    usePostgres(),
    useServer(redis, variables.redisUrl, variables.redisMissing),
    useServer(rabbit, variables.amqpUrl, variables.amqpMissing),
  ]);
  const teardown: Teardown = async () => {
    const running = started.filter((result) => result.status === 'fulfilled');
    await Promise.all(running.map(({ value }) => value()));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed) {
    await teardown();
    throw failed.reason;
  }
  return teardown;
}

async function usePostgres(): Promise<Teardown> {
  if (process.env[variables.postgresUrl]) return async () => {};
  const server = await startEmbeddedPostgres({
    directory: await mkdtemp(join(tmpdir(), 'woodytoys-test-postgres-')),
    temporary: true,
    // Nothing here outlives the run, so nothing needs to reach the disk.
    settings: {
      max_connections: 200,
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
    },
    log: { debug() {}, warn() {} },
  });
  process.env[variables.postgresUrl] = server.url;
  return () => server.stop();
}

async function useServer(
  kind: ServerKind,
  urlVariable: string,
  missingVariable: string,
): Promise<Teardown> {
  if (process.env[urlVariable]) return async () => {};
  if (await kind.runsHere()) {
    process.env[urlVariable] = kind.url(kind.containerPorts[0] ?? 0);
    return async () => {};
  }
  const source = await findSource(kind);
  if ('missing' in source) {
    process.env[missingVariable] = source.missing;
    return async () => {};
  }
  const server = await source.start();
  process.env[urlVariable] = server.url;
  const [, managementPort] = server.ports;
  if (managementPort) {
    process.env[variables.rabbitManagementUrl] = `http://guest:guest@127.0.0.1:${managementPort}`;
  }
  server.ready.catch((error: unknown) => {
    if (!ending) process.stderr.write(`${kind.name} could not be started: ${String(error)}\n`);
  });
  let ending = false;
  return () => {
    ending = true;
    return server.close();
  };
}
