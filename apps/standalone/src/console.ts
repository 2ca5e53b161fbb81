import { PageError, createConsoleApp } from '@woodytoys/console/app';
import type { MetricsRegistry } from '@woodytoys/metrics';
import { listen } from '@woodytoys/service';
import type { Logger } from '@woodytoys/service';
import { freshPage } from './page.ts';
import { loopback } from './ports.ts';

/** So long demonstration traffic lasts, unless it is stopped before. */
const trafficLimitMs = 15 * 60_000;

export interface ConsoleOptions {
  readonly registry: MetricsRegistry;
  readonly privatePort: number;
  /** The gateway's origin, which is known once it listens. */
  readonly entry: () => string;
  readonly log: Logger;
  readonly resources: AsyncDisposableStack;
}

/** The live page of this process; resolves with where it answers. */
export async function startConsole(options: ConsoleOptions): Promise<string> {
  const { registry, privatePort, entry, log, resources } = options;
  // Nothing waits for it but who asks for the page.
  const ending = new AbortController();
  resources.defer(() => ending.abort());
  const page = freshPage(ending.signal);
  page.catch((error: unknown) => {
    if (ending.signal.aborted) return;
    if (error instanceof PageError) log.error(error.message);
    else log.error({ error }, 'the page cannot be read');
  });
  const app = createConsoleApp({
    metrics: registry.service('console'),
    log,
    source: { expose: async () => (await registry.expose()).body },
    gateways: async () => [`http://${loopback}:${privatePort}`],
    entry,
    surroundings: { stores: { database: 'postgres', broker: 'broker' } },
    trafficLimitMs,
    page: () => page,
  });
  resources.defer(() => app.stop());
  await app.start();
  const server = await listen(app.handler, { port: 0, host: loopback, log });
  resources.defer(() => server.close());
  return `http://${loopback}:${server.port}`;
}
