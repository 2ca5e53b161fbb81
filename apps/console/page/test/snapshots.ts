import type { History, Service, ServiceHistory, Snapshot } from '../../src/snapshot.ts';

export function serviceOf(name: string, rps: number): Service {
  return {
    name,
    signals: {
      rps,
      errorRatio: 0,
      p50: 0.01,
      p95: 0.02,
      p99: 0.03,
      inFlight: 1,
      saturation: { cpu: 0.1, eventLoop: 0.2, pool: null },
    },
    replicas: [{ instance: 'a:9400', up: true, since: 0, cpu: 0.1, memory: 1, rps }],
  };
}

/** @param seconds since 1970 */
export function snapshotAt(
  seconds: number,
  options: { readonly answers?: boolean; readonly services?: readonly Service[] } = {},
): Snapshot {
  const { answers = true, services = [serviceOf('gateway', 5)] } = options;
  return {
    time: seconds * 1000,
    source: {
      kind: 'prometheus',
      answers,
      staleSince: answers ? null : seconds * 1000,
      detail: null,
      windowSeconds: 15,
    },
    services,
    topology: { nodes: [], edges: [] },
    jobs: [],
    jobCounts: [],
    queues: [],
    errors: [],
    traffic: { mix: 'browse', rate: 0, served: 0, failed: 0, skipped: 0, until: null },
    catalogue: { jobKinds: [], mixes: [] },
  };
}

/** A history of one service whose measures are all `values`. */
export function historyOf(
  times: readonly number[],
  values: readonly (number | null)[],
  stepSeconds = 1,
): History {
  const service: ServiceHistory = {
    name: 'gateway',
    rps: values,
    errorRatio: values,
    p50: values,
    p95: values,
    p99: values,
    inFlight: values,
    cpu: values,
    eventLoop: values,
    pool: values,
  };
  return { stepSeconds, times: times.map((time) => time * 1000), services: [service] };
}
