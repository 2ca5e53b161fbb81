import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { ServiceMetrics } from '@woodytoys/metrics';
import { STREAMED, createApi, parseContract } from '@woodytoys/service';
import type { App, Logger } from '@woodytoys/service';
import type { operations } from './contract.ts';
import type { Discover } from './discover.ts';
import { createFeed } from './feed.ts';
import { createGateways } from './gateways.ts';
import { createHttpClient } from './http-client.ts';
import { JOB_KINDS } from './job-kinds.ts';
import { createJobs } from './jobs.ts';
import { MIXES } from './mixes.ts';
import { createPageAnswers } from './page-answers.ts';
import type { Page } from './page.ts';
import { partsOf } from './platform.ts';
import { requireSameOrigin } from './same-origin.ts';
import type { CatalogueEntry } from './snapshot.ts';
import { createProcessesSource } from './sources/processes.ts';
import { createPrometheusSource } from './sources/prometheus.ts';
import type { Surroundings } from './topology.ts';
import { createDemonstration } from './traffic.ts';

export { parseDiscover } from './discover.ts';
export { PageError, readPage } from './page.ts';
export type { Page } from './page.ts';

/** Where the built page is. */
export const pageFolder = fileURLToPath(new URL('../dist/page', import.meta.url));

export interface ConsoleApp extends App {
  readonly handler: RequestListener;
}

export interface ConsoleDependencies {
  readonly metrics: Pick<ServiceMetrics, 'http'>;
  readonly log: Logger;
  /** The address of Prometheus, or what gives the text of this process' own metrics. */
  readonly source: { readonly prometheus: string } | { readonly expose: () => Promise<string> };
  /** Finds the private ports of the gateway's replicas. */
  readonly gateways: Discover;
  /** The origin of the platform's entry, where jobs and demonstration traffic go. */
  readonly entry: () => string;
  readonly surroundings: Surroundings;
  /** After so many milliseconds demonstration traffic stops by itself. */
  readonly trafficLimitMs: number;
  /** Rejects with a `PageError` while the page is not built. */
  readonly page: () => Promise<Page>;
}

/** Longer than a query of Prometheus or a look at a gateway may take without being missed. */
const READ_TIMEOUT_MS = 2_000;
const DEMONSTRATION_TIMEOUT_MS = 10_000;
/** As many as may wait for an answer. */
const DEMONSTRATION_CONNECTIONS = 100;
const MAX_BODY_BYTES = 1_000;

/** The live page and what feeds it. */
export function createConsoleApp(dependencies: ConsoleDependencies): ConsoleApp {
  const { metrics, log, entry, surroundings, trafficLimitMs: limitMs } = dependencies;
  const client = createHttpClient({ timeoutMs: READ_TIMEOUT_MS });
  const trafficClient = createHttpClient({
    timeoutMs: DEMONSTRATION_TIMEOUT_MS,
    maxConnections: DEMONSTRATION_CONNECTIONS,
  });
  const source =
    'prometheus' in dependencies.source
      ? createPrometheusSource({ url: dependencies.source.prometheus, client })
      : createProcessesSource({ expose: dependencies.source.expose, parts: () => partsOf() });
  const jobs = createJobs({ kinds: JOB_KINDS, entry, client: trafficClient, log });
  const demonstration = createDemonstration({
    mixes: MIXES,
    entry,
    client: trafficClient,
    log,
    limitMs,
  });
  const feed = createFeed({
    source,
    gateways: createGateways(dependencies.gateways, client),
    surroundings,
    jobs,
    demonstration,
    catalogue: { jobKinds: JOB_KINDS.map(entryOf), mixes: MIXES.map(entryOf) },
    log,
  });

  return {
    handler: createApi<operations>({
      contract: parseContract(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')),
      handlers: {
        ...createPageAnswers(dependencies.page),
        followPlatform: async ({ response, signal, closing }) => {
          await feed.show(response, AbortSignal.any([signal, closing]));
          return STREAMED;
        },
        requestJob: async ({ body, request }) => {
          requireSameOrigin(request.headers);
          return { status: 201, body: await jobs.create(body.kind) };
        },
        setTraffic: async ({ body, request }) => {
          requireSameOrigin(request.headers);
          return { status: 200, body: demonstration.set(body) };
        },
      },
      service: 'console',
      log,
      http: metrics.http,
      maxBodyBytes: MAX_BODY_BYTES,
    }),
    async start() {
      source.start();
    },
    async stop() {
      demonstration.stop();
      feed.close();
      jobs.close();
      source.close();
      client.close();
      trafficClient.close();
    },
  };
}

function entryOf({ id, title, description }: CatalogueEntry): CatalogueEntry {
  return { id, title, description };
}
