import { perLabels } from './children.ts';
import type { HistogramChild } from './histogram.ts';
import type { Instruments } from './instruments.ts';
import type { ClientObservation, HttpMetrics } from './types.ts';

/** `HttpMetrics` with its count of requests in flight, which the registry reads at a scrape. */
export interface CountingHttpMetrics extends HttpMetrics {
  readonly inFlight: number;
}

/** What `listen` refuses with: shown at 0 from the start. */
const REFUSALS = [400, 408, 413, 417, 431, 501];

/** Measures the requests that a service answers. */
export function createHttpMetrics(instruments: Instruments, service: string): CountingHttpMetrics {
  const duration = instruments.histogram('httpServerDuration');
  const refusals = instruments.counter('httpServerRefusals');
  for (const status of REFUSALS) refusals.inc({ service, http_response_status_code: status }, 0);
  // Three nested tables: on the hot path a look-up of strings that exist beats making a joined key.
  const routes = new Map<string, Map<string, HistogramChild[]>>();
  let inFlight = 0;

  function childOf(route: string, method: string, status: number): HistogramChild {
    let methods = routes.get(route);
    if (methods === undefined) routes.set(route, (methods = new Map()));
    let statuses = methods.get(method);
    if (statuses === undefined) methods.set(method, (statuses = []));
    return (statuses[status] ??= duration.labels(service, method, route, String(status)));
  }

  return {
    get inFlight() {
      return inFlight;
    },
    start() {
      inFlight += 1;
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        inFlight -= 1;
      };
    },
    observe({ method, route, status, durationSeconds, traceId }) {
      childOf(route, method, status).observe(durationSeconds, traceId);
    },
    refused(status) {
      refusals.inc({ service, http_response_status_code: status });
    },
    expect(method, route, status) {
      childOf(route, method, status);
    },
  };
}

/** Measures the calls that a service makes to others. */
export function createClientMetrics(
  instruments: Instruments,
  service: string,
): { observe(observation: ClientObservation): void } {
  const duration = instruments.histogram('httpClientDuration');
  const child = perLabels((upstream: string, replica: string, status: string) =>
    duration.labels(service, upstream, replica, status),
  );
  return {
    observe({ upstream, replica, status, durationSeconds }) {
      child(upstream, replica, String(status)).observe(durationSeconds);
    },
  };
}
