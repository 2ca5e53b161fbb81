import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedPostgres } from '@woodytoys/database/embedded';
import type { Environment } from '@woodytoys/service';
import { openDataFolder } from './data-folder.ts';
import { StandaloneError } from './failure.ts';
import { openLogs } from './logs.ts';
import type { Logs } from './logs.ts';
import { startPlatform } from './platform.ts';
import type { Platform } from './platform.ts';
import { requirePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import type { Settings } from './settings.ts';
import type { StopRequest } from './stop-request.ts';
import type { Terminal } from './terminal.ts';
import { startWatched } from './watched-platform.ts';

const lostDatabaseShowsMs = 500;
/** PostgreSQL's own limit is 10 s; its watchdog goes on where this process gives up. */
const stopLimitMs = 15_000;

export interface RunOptions {
  readonly settings: Settings;
  /** Of this process; the gateway's configuration may refer to it. */
  readonly environment: Environment;
  readonly stop: StopRequest;
  readonly terminal: Terminal;
  /** The workspace's folder; the terminal shows paths as seen from there. */
  readonly workspace: string;
}

/**
 * Starts everything and resolves when it has been stopped.
 *
 * @throws StandaloneError or EmbeddedPostgresError with one line for the terminal; nothing is left
 * running then either.
 */
export async function run(options: RunOptions): Promise<void> {
  const { settings, stop, terminal, workspace } = options;
  const began = performance.now();
  const shown = (path: string) => {
    const seen = relative(workspace, path);
    return seen.startsWith('..') ? path : seen || '.';
  };
  await requirePort(settings.port, 'PORT');
  await requirePort(settings.privatePort, 'PRIVATE_PORT');

  const resources = new AsyncDisposableStack();
  try {
    const folder = await openDataFolder(settings.directory);
    resources.defer(() => folder.close());
    const logs = openLogs(folder.logs, settings, terminal);
    resources.defer(() => logs.close());
    if (settings.fresh) {
      terminal.tell(`fresh      deletes the data in ${shown(folder.directory)}`);
      await folder.clear(logs.for('database'));
    }

    const first = await folder.isEmpty();
    terminal.tell(`database   starts PostgreSQL; its data are in ${shown(folder.directory)}`);
    const postgres = await startPostgres(folder.postgres, logs.for('database'));
    resources.defer(() => postgres.stop());
    terminal.tell(
      first
        ? `seed       first start: makes tables and seed data (SEED_SCALE ${settings.seedScale})`
        : 'services   starts gateway, user, product, logistics and the report worker',
    );

    const lost = databaseLost(postgres, stop);
    const starting = start(options, postgres, logs, resources).catch(async (error: unknown) => {
      // A lost database shows in the services first; what is to be told is the database's end.
      await Promise.race([lost, sleep(lostDatabaseShowsMs)]);
      throw error;
    });
    const platform = await Promise.race([starting, lost, stop.asked]);
    if (platform) {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      terminal.tell(`logs       ${shown(logs.path)}; started in ${seconds} s`);
      terminal.tell(readyLines(platform));
      await Promise.race([lost, stop.asked]);
    }
    terminal.tell('stopping   finishes what runs; the data are kept');
  } catch (error) {
    // Ctrl-C reaches initdb as well, and what fails after it fails because of it.
    if (!stop.pending) throw error;
  } finally {
    terminal.quiet();
    await Promise.race([resources.disposeAsync(), stop.urged, overtime()]);
  }
}

async function start(
  { settings, environment, terminal }: RunOptions,
  postgres: EmbeddedPostgres,
  logs: Logs,
  resources: AsyncDisposableStack,
): Promise<Platform> {
  const served = { ...settings, postgresUrl: postgres.url };
  if (settings.watch) return startWatched({ settings: served, terminal, resources });
  const createLog = (service: string) => logs.for(service);
  return startPlatform({ ...served, environment, createLog, resources });
}

/** Rejects when the database ends although nobody has asked it to. */
async function databaseLost(postgres: EmbeddedPostgres, stop: StopRequest): Promise<never> {
  const { code, signal } = await postgres.exited;
  if (stop.pending) return new Promise<never>(() => {});
  throw new StandaloneError(
    `PostgreSQL has ended unexpectedly (${signal ?? `exit code ${code}`}), so everything stops. ` +
      'The data are kept; npm start recovers them.',
  );
}

async function overtime(): Promise<never> {
  await sleep(stopLimitMs, undefined, { ref: false });
  throw new StandaloneError(
    `Not everything had ended after ${stopLimitMs / 1000} s; what is left is broken off. The data are kept.`,
  );
}

function readyLines({ port, privatePort }: Platform): string {
  const entry = `http://localhost:${port}`;
  return `ready  ${entry}

  ${entry}/console/                   the platform as it is now, live
  ${entry}/api/1/1                    a user and a product, asked for at once
  ${entry}/api/products               the catalogue
  ${entry}/api/reports/consolidated   the report over all shops
  http://localhost:${privatePort}/metrics                    what Prometheus reads

  curl ${entry}/api/1/1
  curl -i -X POST -H 'content-type: application/json' -d '{}' ${entry}/api/reports

Ctrl-C stops everything.`;
}
