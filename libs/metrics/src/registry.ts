import { createCacheMetrics } from './cache-metrics.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { createClientMetrics, createHttpMetrics } from './http-metrics.ts';
import type { CountingHttpMetrics } from './http-metrics.ts';
import { createInstruments } from './instruments.ts';
import { createMessageMetrics } from './message-metrics.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { createReadings } from './readings.ts';
import { createTallies } from './tallies.ts';
import type { Exposition, MetricsRegistry, ServiceMetrics } from './types.ts';

export interface MetricsRegistryOptions {
  /** Of the package that runs; `unknown` unless given. */
  readonly version?: string;
  /** Of the source, such as a commit; `unknown` unless given. */
  readonly revision?: string;
  /** Event loop, memory and processor time of this process; true unless given. */
  readonly defaultMetrics?: boolean;
}

/** Makes the instruments of one process. `close()` ends what it observes of the process. */
export function createMetricsRegistry({
  version = 'unknown',
  revision = 'unknown',
  defaultMetrics = true,
}: MetricsRegistryOptions = {}): MetricsRegistry {
  const instruments = createInstruments();
  const readings = createReadings(instruments);
  const tallies = createTallies(instruments);
  const processMetrics = defaultMetrics ? createProcessMetrics(instruments) : undefined;
  const services = new Map<string, { metrics: ServiceMetrics; http: CountingHttpMetrics }>();
  instruments.gauge('buildInfo').set({ version, revision, node: process.version }, 1);

  function createServiceMetrics(service: string): ServiceMetrics {
    const http = createHttpMetrics(instruments, service);
    const metrics: ServiceMetrics = {
      service,
      http,
      client: createClientMetrics(instruments, service),
      cache: createCacheMetrics(instruments, service),
      messages: createMessageMetrics({ instruments, readings }, service),
      gateway: createGatewayMetrics({ instruments, readings, tallies }, service),
      pool: (name, read) => readings.pool(service, name, read),
      outbox: (read) => readings.outbox(service, read),
      jobs: (kind, read) => readings.jobs(service, kind, read),
    };
    services.set(service, { metrics, http });
    return metrics;
  }

  async function scrape(): Promise<Exposition> {
    for (const [service, { http }] of services) {
      instruments.gauge('httpServerInFlight').set({ service }, http.inFlight);
    }
    tallies.handOver();
    processMetrics?.read();
    await readings.readAll();
    return {
      contentType: instruments.registry.contentType,
      body: await instruments.registry.metrics(),
    };
  }

  let scraping: Promise<Exposition> | undefined;

  return {
    service: (name) => services.get(name)?.metrics ?? createServiceMetrics(name),
    // Scrapes at once share one: two would reset each other's readings half way.
    expose: () =>
      (scraping ??= scrape().finally(() => {
        scraping = undefined;
      })),
    close() {
      processMetrics?.stop();
      instruments.registry.clear();
    },
  };
}
