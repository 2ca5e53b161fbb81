import type { Part } from '../platform.ts';
import type { JobCount, Queue, Replica, Saturation, Service, Signals } from '../snapshot.ts';
import {
  EVENT_LOOP,
  IN_FLIGHT,
  JOBS,
  MEMORY,
  POOL_LIMIT,
  POOL_USED,
  QUEUE_DEPTH,
  RABBIT_READY,
  RABBIT_UNACKNOWLEDGED,
  START_TIME,
  UP,
} from './measurements.ts';
import type { GaugeSample, Measurements } from './measurements.ts';
import { quantileOf } from './quantile.ts';
import { sumOf } from './samples.ts';
import type { Sample } from './samples.ts';
import type { Reading } from './source.ts';

/** What the measurements say of the parts of the platform. */
export function assemble(measurements: Measurements, parts: readonly Part[]): Reading {
  const gauges = Map.groupBy(measurements.gauges, ({ name }) => name);
  const find = (name: string) => gauges.get(name) ?? [];
  return {
    time: measurements.time,
    services: parts
      .map((part) => serviceOf(part, measurements, find))
      .filter(({ replicas }) => replicas.length > 0),
    jobCounts: jobCountsOf(find(JOBS)),
    queues: queuesOf(find),
  };
}

type Find = (name: string) => readonly GaugeSample[];

function serviceOf({ name, queues }: Part, measurements: Measurements, find: Find): Service {
  const own = ({ labels }: Sample) => labels['service'] === name;
  const inFlight = find(IN_FLIGHT).filter(own);
  const requests = measurements.requests.filter(own);
  const replicas = replicasOf(name, inFlight, requests, measurements, find);
  const work =
    queues === undefined
      ? answered(requests, measurements.buckets.filter(own))
      : worked(measurements.handled.filter(({ labels }) => queues.includes(labels['queue'] ?? '')));
  return {
    name,
    signals: {
      ...work,
      inFlight: sumOf(inFlight),
      saturation: saturationOf(name, replicas, find),
    },
    replicas,
  };
}

type Work = Pick<Signals, 'rps' | 'errorRatio' | 'p50' | 'p95' | 'p99'>;

function answered(requests: readonly Sample[], buckets: readonly Sample[]): Work {
  const failed = requests.filter(({ labels }) =>
    labels['http_response_status_code']?.startsWith('5'),
  );
  return { ...ratioOf(sumOf(requests), sumOf(failed)), ...quantilesOf(buckets) };
}

/** A worker's: messages for requests, and those that were not acknowledged for errors. */
function worked(handled: readonly Sample[]): Work {
  const all = handled.filter(({ labels }) => labels['le'] === '+Inf');
  const failed = all.filter(({ labels }) => labels['outcome'] !== 'acknowledged');
  return { ...ratioOf(sumOf(all), sumOf(failed)), ...quantilesOf(handled) };
}

function ratioOf(all: number, failed: number): Pick<Work, 'rps' | 'errorRatio'> {
  return { rps: all, errorRatio: all > 0 ? failed / all : null };
}

function quantilesOf(buckets: readonly Sample[]): Pick<Work, 'p50' | 'p95' | 'p99'> {
  return {
    p50: quantileOf(0.5, buckets),
    p95: quantileOf(0.95, buckets),
    p99: quantileOf(0.99, buckets),
  };
}

/** Those that show metrics of the service, and those that a scrape has just missed. */
function replicasOf(
  service: string,
  inFlight: readonly Sample[],
  requests: readonly Sample[],
  { cpu }: Measurements,
  find: Find,
): Replica[] {
  const seen = inFlight.map(({ labels }) => labels['instance'] ?? '');
  const up = new Map(
    find(UP)
      .filter(({ labels }) => labels['job'] === service)
      .map(({ labels, value }) => [labels['instance'] ?? '', value === 1]),
  );
  return [...new Set([...seen, ...up.keys()])].toSorted().map((instance) => {
    const at = (samples: readonly Sample[]) =>
      samples.filter(({ labels }) => labels['instance'] === instance);
    const since = at(find(START_TIME))[0]?.value;
    return {
      instance,
      up: up.get(instance) ?? true,
      since: since === undefined ? null : since * 1000,
      cpu: at(cpu)[0]?.value ?? null,
      memory: at(find(MEMORY))[0]?.value ?? null,
      rps: sumOf(at(requests)),
    };
  });
}

function saturationOf(service: string, replicas: readonly Replica[], find: Find): Saturation {
  const instances = new Set(replicas.map(({ instance }) => instance));
  const here = ({ labels }: Sample) => instances.has(labels['instance'] ?? '');
  const own = ({ labels }: Sample) => labels['service'] === service;
  const limits = find(POOL_LIMIT).filter(own);
  const full = find(POOL_USED)
    .filter(own)
    .map(({ labels, value }) => {
      const limit = limits.find(
        (one) =>
          one.labels['instance'] === labels['instance'] && one.labels['pool'] === labels['pool'],
      );
      return value / (limit?.value ?? Number.NaN);
    });
  return {
    cpu: most(replicas.map(({ cpu }) => cpu)),
    eventLoop: most(
      find(EVENT_LOOP)
        .filter(here)
        .map(({ value }) => value),
    ),
    pool: most(full),
  };
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value): value is number => Number.isFinite(value));
  return known.length === 0 ? null : Math.max(...known);
}

/** Every replica of a service counts the jobs of the same table. */
function jobCountsOf(samples: readonly Sample[]): JobCount[] {
  const groups = Map.groupBy(samples, ({ labels }) => `${labels['kind']} ${labels['state']}`);
  return [...groups.values()].map((group) => ({
    kind: group[0]?.labels['kind'] ?? '',
    state: group[0]?.labels['state'] ?? '',
    count: Math.max(...group.map(({ value }) => value)),
  }));
}

/** RabbitMQ has a queue for each pause between two attempts: `orders.retry.5000`. */
const RETRY_QUEUE = /(\.retry)\.\d+$/;

function queuesOf(find: Find): Queue[] {
  const byState = (state: string) =>
    find(QUEUE_DEPTH).filter(({ labels }) => labels['state'] === state);
  const ready = byName([...byState('ready'), ...find(RABBIT_READY)]);
  const unacknowledged = byName([...byState('unacknowledged'), ...find(RABBIT_UNACKNOWLEDGED)]);
  return [...new Set([...ready.keys(), ...unacknowledged.keys()])].toSorted().map((name) => ({
    name,
    ready: ready.get(name) ?? 0,
    unacknowledged: unacknowledged.get(name) ?? 0,
  }));
}

function byName(samples: readonly Sample[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { labels, value } of samples) {
    const name = labels['queue']?.replace(RETRY_QUEUE, '$1');
    if (name !== undefined) found.set(name, (found.get(name) ?? 0) + value);
  }
  return found;
}
