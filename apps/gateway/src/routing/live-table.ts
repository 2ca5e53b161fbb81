import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@woodytoys/service';
import type { Contract } from '../contracts/contract.ts';
import { buildGateway } from './build.ts';
import type { BuildDependencies, BuiltRoute } from './build.ts';
import { GatewayConfigError, linesOf } from '../config/errors.ts';
import { ReadFiles } from '../config/read-files.ts';
import type { ConfigReader } from '../config/reader.ts';
import { watchFiles } from '../config/watch.ts';
import { createSerial } from './serial.ts';
import { Shared } from './shared.ts';
import { createSlices } from './slices.ts';
import { RouteTable } from './table.ts';
import type { Upstream } from '../upstreams/upstream.ts';

/** The route table in use, and how another takes its place. */
export interface LiveTable {
  readonly table: RouteTable;
  readonly upstreams: readonly Upstream[];
  /** Its routes as they were written. */
  readonly routes: readonly BuiltRoute[];
  /** The contracts of those upstreams that have one. */
  readonly contracts: ReadonlyMap<string, Contract>;
  /** False until the first table is in use. */
  readonly loaded: boolean;
  /** @throws GatewayConfigError with every mistake (rejection). */
  start(): Promise<void>;
  /**
   * Reads the configuration anew, one reload at a time, and swaps the table.
   * @throws GatewayConfigError when it has mistakes; then nothing has changed (rejection).
   */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

export interface LiveTableDependencies extends Omit<BuildDependencies, 'shared' | 'slices'> {
  readonly reader: ConfigReader;
  /** Whether a change of the files is a reload. */
  readonly watch: boolean;
  readonly log: Logger;
}

/** Things of an old table are closed after its last request must have ended. */
const OLD_TABLE_MS = 60_000;
/** What no client waits for, such as a mirrored request, holds up the end no longer than this. */
const STOP_MS = 3_000;
/** How long a start or reload waits for the first look-ups and probes. */
const FIRST_PROBES_MS = 2_000;

export function createLiveTable({
  reader,
  watch,
  ...dependencies
}: LiveTableDependencies): LiveTable {
  const { metrics, log } = dependencies;
  const shared = new Shared();
  const timers = new Set<NodeJS.Timeout>();
  let stopWatching: (() => void) | undefined;
  let files = new ReadFiles();
  let table = new RouteTable();
  let upstreams: readonly Upstream[] = [];
  let routes: readonly BuiltRoute[] = [];
  let contracts: ReadonlyMap<string, Contract> = new Map();
  let loaded = false;

  async function load(): Promise<number> {
    const startedAt = performance.now();
    const generation = shared.begin();
    const slices = createSlices();
    const reading = new ReadFiles();
    try {
      const config = await reader.read(reading, slices);
      const built = await buildGateway(config, { ...dependencies, shared, slices });
      // A table is not used before its replicas were looked for; one that is down must not hold it up.
      await Promise.race([
        Promise.all(built.upstreams.map((upstream) => upstream.start())),
        new Promise((resolve) => setTimeout(resolve, FIRST_PROBES_MS).unref()),
      ]);
      ({ table, upstreams, routes } = built);
      ({ contracts } = config);
      loaded = true;
      const durationMs = Math.round(performance.now() - startedAt);
      log.info(
        { routes: table.routes.length, files: config.files, durationMs },
        'route table in use',
      );
      return generation;
    } catch (error) {
      await shared.abandon(generation);
      throw error;
    } finally {
      files = reading;
    }
  }

  function closeLater(olderThan: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      void shared.closeOlder(olderThan);
    }, OLD_TABLE_MS);
    timer.unref();
    timers.add(timer);
  }

  const reloads = createSerial(async () => {
    try {
      closeLater(await load());
      metrics.gateway.reload('done');
    } catch (error) {
      metrics.gateway.reload('refused');
      const mistakes = error instanceof GatewayConfigError ? linesOf(error.mistakes) : undefined;
      log.error({ error, mistakes }, 'reload refused');
      throw error;
    }
  });

  return {
    get table() {
      return table;
    },
    get upstreams() {
      return upstreams;
    },
    get routes() {
      return routes;
    },
    get contracts() {
      return contracts;
    },
    get loaded() {
      return loaded;
    },
    async start() {
      await load();
      if (!watch) return;
      stopWatching = watchFiles({
        files: () => files,
        // A refusal was logged and counted, and the old table goes on.
        onChange: () => reloads.run().catch(() => undefined),
      });
    },
    reload: () => reloads.run(),
    async stop() {
      stopWatching?.();
      await reloads.idle();
      for (const timer of timers) clearTimeout(timer);
      const late = sleep(STOP_MS, undefined, { ref: false });
      await Promise.race([shared.closeOlder(Infinity), late]);
    },
  };
}
