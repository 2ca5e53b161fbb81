import { createCacheMetrics } from './cache-metrics.ts';
import { createGatewayMetrics } from './gateway-metrics.ts';
import { createClientMetrics, createHttpMetrics } from './http-metrics.ts';
import type { CountingHttpMetrics } from './http-metrics.ts';
import { createInstruments } from './instruments.ts';
import { createMessageMetrics } from './message-metrics.ts';
import { createProcessMetrics } from './process-metrics.ts';
import { createReadings } from './readings.ts';
import { createTallies } from './tallies.ts';
import type { GatewayMetrics, MetricsRegistry, ServiceMetrics } from './types.ts';

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
    let gateway: GatewayMetrics | undefined;
    const metrics: ServiceMetrics = {
      service,
      http,
      client: createClientMetrics(instruments, service),
      cache: createCacheMetrics(instruments, service),
      messages: createMessageMetrics({ instruments, readings }, service),
      // Its counters begin at 0, which is to be seen of gateways only.
      get gateway() {
        return (gateway ??= createGatewayMetrics({ instruments, readings, tallies }, service));
      },
      pool: (name, read) => readings.pool(service, name, read),
      outbox: (read) => readings.outbox(service, read),
      jobs: (kind, read) => readings.jobs(service, kind, read),
    };
    services.set(service, { metrics, http });
    return metrics;
  }

  async function readAll(): Promise<void> {
    for (const [service, { http }] of services) {
      instruments.gauge('httpServerInFlight').set({ service }, http.inFlight);
    }
    tallies.handOver();
    processMetrics?.read();
    await readings.readAll();
  }

  let reading: Promise<void> | undefined;

  return {
    service: (name) => services.get(name)?.metrics ?? createServiceMetrics(name),
    droppedSpans() {
      const counter = instruments.counter('traceSpansDropped');
      for (const reason of ['queue_full', 'export_failed']) counter.inc({ reason }, 0);
      return (count, reason) => counter.inc({ reason }, count);
    },
    async expose(accept) {
      // Scrapes at once share one reading: two would reset each other's half way.
      await (reading ??= readAll().finally(() => {
        reading = undefined;
      }));
      return instruments.expositions.write(accept);
    },
    close() {
      processMetrics?.stop();
      instruments.expositions.clear();
    },
  };
}
