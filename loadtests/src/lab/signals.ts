import { query, queryRange } from '@woodytoys/infra/prometheus';
import type { TimeSeries } from './lab.ts';

/** How often Prometheus looks, in seconds. */
const SCRAPE_SECONDS = 5;

interface Signal {
  /** Of `values`; the label's value is appended to a name that ends in a point. */
  readonly name: string;
  readonly label?: string;
  /** `$W` stands for the seconds of the window. */
  readonly expression: string;
}

const ready = 'queue_state:message_queue_messages:sum{state="ready"}';

const SIGNALS: readonly Signal[] = [
  {
    name: 'cpu.',
    label: 'job',
    expression: 'sum by (job) (rate(process_cpu_seconds_total[$Ws]))',
  },
  {
    name: 'eventLoop.',
    label: 'job',
    expression: 'max by (job) (avg_over_time(nodejs_eventloop_utilization_ratio[$Ws]))',
  },
  {
    name: 'replicas.',
    label: 'service',
    expression:
      'count by (service) (sum by (service, instance) (increase(http_server_request_duration_seconds_count[$Ws])) > 0)',
  },
  {
    name: 'cacheHits.',
    label: 'service',
    expression:
      'sum by (service) (increase(cache_hits_total[$Ws])) / (sum by (service) (increase(cache_hits_total[$Ws])) + sum by (service) (increase(cache_misses_total[$Ws])) > 0)',
  },
  {
    name: 'poolWaiting.',
    label: 'service',
    expression: 'max_over_time(sum by (service) (db_pool_waiting)[$Ws:5s])',
  },
  {
    name: 'queue.',
    label: 'queue',
    expression: `max_over_time(sum by (queue) (${ready})[$Ws:5s])`,
  },
  {
    name: 'outbox.',
    label: 'service',
    expression: 'max_over_time(sum by (service) (outbox_pending)[$Ws:5s])',
  },
];

/**
 * What Prometheus saw from `from` to `to` (milliseconds since 1970), which has to be a scrape ago.
 *
 * @returns figures by name: `cpu.gateway` in cores, `cacheHits.logistics` as a share, `replicas.…`
 * that had requests, `poolWaiting.…`, `queue.…` and `outbox.…` at their most, `eventLoop.…` as a share.
 */
export async function readSignals(
  prometheus: string,
  from: number,
  to: number,
): Promise<Readonly<Record<string, number>>> {
  // A rate needs two scrapes.
  const seconds = Math.max(Math.ceil((to - from) / 1000), 2 * SCRAPE_SECONDS + 1);
  const values: Record<string, number> = {};
  for (const { name, label, expression } of SIGNALS) {
    const asked = expression.replaceAll('$W', String(seconds));
    const samples = await query(prometheus, asked, to / 1000 + SCRAPE_SECONDS);
    for (const sample of samples) {
      if (!Number.isFinite(sample.value)) continue;
      values[label === undefined ? name : `${name}${sample.labels[label] ?? ''}`] = sample.value;
    }
  }
  return values;
}

/** An expression over the seconds of a measurement; series are named by one of their labels. */
export async function readSeries(
  prometheus: string,
  { expression, label, unit }: { expression: string; label: string; unit: string },
  from: number,
  to: number,
): Promise<readonly TimeSeries[]> {
  const step = SCRAPE_SECONDS;
  const found = await queryRange(prometheus, expression, from / 1000, to / 1000, step);
  return found.map(({ labels, values }) => ({
    name: labels[label] ?? expression,
    unit,
    points: values.map((value, index) => [index * step, value] as const),
  }));
}
