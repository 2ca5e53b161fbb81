import type { ServerResponse } from 'node:http';
import type { Logger } from '@woodytoys/service';
import type { Gateways } from './gateways.ts';
import type { Jobs } from './jobs.ts';
import { partsOf } from './platform.ts';
import type { Catalogue, Source, Snapshot } from './snapshot.ts';
import type { MetricsSource, Reading } from './sources/source.ts';
import { topologyOf } from './topology.ts';
import type { Surroundings } from './topology.ts';
import type { Demonstration } from './traffic.ts';
import { createViewers, eventText } from './viewers.ts';

export interface FeedDependencies {
  readonly source: MetricsSource;
  readonly gateways: Gateways;
  readonly surroundings: Surroundings;
  readonly jobs: Jobs;
  readonly demonstration: Demonstration;
  readonly catalogue: Catalogue;
  readonly log: Logger;
  /** Between two snapshots, in milliseconds; 1,000 unless given. */
  readonly intervalMs?: number;
}

/** Tells all viewers the same snapshot each second; nothing is collected while nobody watches. */
export interface Feed {
  /**
   * Sends the history, then snapshots, until `ended`.
   * @throws ProblemError 503 when no more viewers are taken (rejection).
   */
  show(response: ServerResponse, ended: AbortSignal): Promise<void>;
  close(): void;
}

/** How long a client waits before it comes back after a broken connection. */
const RETRY_MS = 1_000;
const NOTHING: Reading = { time: 0, services: [], jobCounts: [], queues: [] };

export function createFeed(dependencies: FeedDependencies): Feed {
  const { source, gateways, surroundings, jobs, demonstration, catalogue, log } = dependencies;
  const { intervalMs = 1_000 } = dependencies;
  const viewers = createViewers();
  let timer: NodeJS.Timeout | undefined;
  let collecting: Promise<string> | undefined;
  let reading = NOTHING;
  let staleSince: number | null = null;
  let detail: string | null = null;

  async function readSource(upstreams: readonly string[]): Promise<void> {
    try {
      reading = await source.read(partsOf(upstreams));
      if (staleSince !== null) log.info('the source of the metrics answers again');
      staleSince = null;
      detail = null;
    } catch (error) {
      if (staleSince === null) log.warn({ error }, 'the source of the metrics does not answer');
      staleSince ??= Date.now();
      detail = (error as Error).message;
    }
  }

  function sourceState(): Source {
    const { kind, windowSeconds } = source;
    return { kind, answers: staleSince === null, staleSince, detail, windowSeconds };
  }

  async function collect(): Promise<string> {
    const upstreams = await gateways.upstreams();
    const [errors] = await Promise.all([gateways.errors(), readSource(upstreams)]);
    const { services, jobCounts, queues } = reading;
    const snapshot: Snapshot = {
      time: Date.now(),
      source: sourceState(),
      services,
      topology: topologyOf(partsOf(upstreams), surroundings),
      jobs: jobs.list(),
      jobCounts,
      queues,
      errors,
      traffic: demonstration.state(),
      catalogue,
    };
    return eventText('snapshot', snapshot);
  }

  /** One collection at a time, whoever asks for it. */
  function collectOnce(): Promise<string> {
    collecting ??= collect().finally(() => (collecting = undefined));
    return collecting;
  }

  async function tick(): Promise<void> {
    viewers.send(await collectOnce());
  }

  function start(): void {
    timer ??= setInterval(() => {
      if (viewers.size > 0) void tick();
      else stop();
    }, intervalMs);
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  async function historyText(): Promise<string> {
    const parts = partsOf(await gateways.upstreams());
    const history = await source.history(parts).catch(() => undefined);
    // What keeps it is told by the snapshot that follows.
    return eventText('history', history ?? { stepSeconds: 0, times: [], services: [] });
  }

  return {
    async show(response, ended) {
      const leave = viewers.admit();
      try {
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-cache, no-transform',
          // nginx would keep the events back until its buffer is full.
          'x-accel-buffering': 'no',
        });
        response.write(`retry: ${RETRY_MS}\n\n`);
        response.write(await historyText());
        response.write(await collectOnce());
        start();
        await viewers.join(response, ended);
        response.end();
      } finally {
        leave();
      }
    },
    close: stop,
  };
}
