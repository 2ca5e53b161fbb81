/**
 * Compares what Prometheus says of a steady load with what the load tool itself counted: a total that
 * misses a replica, or counts one through a balancer, is off; a rate that jumps is a sawtooth.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad, type LoadFailure } from './load.ts';
import { createMix } from './mix.ts';
import { query, queryRange, type Sample, type Series } from './prometheus.ts';

export interface TotalsOptions {
  readonly entry: string;
  readonly prometheus: string;
  readonly requestsPerSecond: number;
  /** The steady time that is compared; the load runs for a minute before it. */
  readonly seconds: number;
}

export interface ServiceTotals {
  readonly service: string;
  /** Requests that the load sent it in the steady time. */
  readonly counted: number;
  /** What Prometheus has seen of all its replicas in the same time. */
  readonly seen: number;
  readonly replicas: number;
  /** Whether the sum over the replicas ever fell: each fall is a tooth of a saw in every rate. */
  readonly fell: boolean;
  /** Highest less lowest recorded rate of the steady time, as a share of its mean. */
  readonly spread: number;
}

export interface Totals {
  readonly services: readonly ServiceTotals[];
  readonly failures: readonly LoadFailure[];
}

/** Recorded rates look back over a minute: only after it do they show the load alone. */
const LEAD_MS = 65_000;
const COUNT = 'http_server_request_duration_seconds_count';
const STEP_SECONDS = 5;

export async function measureTotals(options: TotalsOptions): Promise<Totals> {
  const { entry, prometheus, requestsPerSecond, seconds } = options;
  const mix = createMix(`totals_${Date.now().toString(36)}`);
  let counted = new Map<string, number>();
  const next = (n: number) => {
    const request = mix(n);
    for (const service of servicesOf(request.path)) {
      counted.set(service, (counted.get(service) ?? 0) + 1);
    }
    return request;
  };
  const load = startLoad({ origin: entry, requestsPerSecond, next });
  await sleep(LEAD_MS);
  counted = new Map();
  const steady = counted;
  await sleep(seconds * 1000);
  counted = new Map();
  const end = Date.now() / 1000;
  const start = end - seconds;
  const sums = `sum by (service) (${COUNT})`;
  const [seen, replicas, totals, rates] = await Promise.all([
    query(prometheus, `sum by (service) (increase(${COUNT}[${seconds}s]))`, end),
    query(prometheus, `count by (service) (group by (service, instance) (${COUNT}))`, end),
    queryRange(prometheus, sums, start, end, STEP_SECONDS),
    queryRange(prometheus, 'service:http_server_requests:rate1m', start, end, STEP_SECONDS),
  ]);
  const { failures } = await load.stop();
  const services = [...steady].map(([service, sent]) => {
    const values = valuesOf(totals, service);
    return {
      service,
      counted: sent,
      seen: valueOf(seen, service),
      replicas: valueOf(replicas, service),
      fell: values.some((value, index) => value < (values[index - 1] ?? 0)),
      spread: spreadOf(valuesOf(rates, service)),
    };
  });
  return { services, failures };
}

/** Which services a request of the mix comes to; the aggregate comes to two behind the gateway. */
function servicesOf(path: string): readonly string[] {
  const services = ['gateway'];
  if (/^\/api\/(users|\d+\/)/.test(path)) services.push('user');
  if (/^\/api\/(products|\d+\/)/.test(path)) services.push('product');
  if (/^\/api\/(stores|reports)/.test(path)) services.push('logistics');
  return services;
}

function valueOf(samples: readonly Sample[], service: string): number {
  return samples.find(({ labels }) => labels['service'] === service)?.value ?? 0;
}

function valuesOf(series: readonly Series[], service: string): readonly number[] {
  return series.find(({ labels }) => labels['service'] === service)?.values ?? [];
}

function spreadOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return (Math.max(...values) - Math.min(...values)) / mean;
}
