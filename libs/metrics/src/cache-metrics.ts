import { perLabels } from './children.ts';
import type { Instruments } from './instruments.ts';
import type { CacheMetrics } from './types.ts';

/** Measures the cache of a service; a namespace's counters exist from its first use on, at 0. */
export function createCacheMetrics(instruments: Instruments, service: string): CacheMetrics {
  const duration = instruments.histogram('cacheLoadDuration');
  const namespaces = perLabels((namespace: string) => {
    const counters = {
      memory: instruments.counter('cacheHits').labels(service, namespace, 'memory'),
      redis: instruments.counter('cacheHits').labels(service, namespace, 'redis'),
      misses: instruments.counter('cacheMisses').labels(service, namespace),
      stale: instruments.counter('cacheStale').labels(service, namespace),
    };
    for (const counter of Object.values(counters)) counter.inc(0);
    const loads = {
      ok: duration.labels(service, namespace, 'ok'),
      absent: duration.labels(service, namespace, 'absent'),
      error: duration.labels(service, namespace, 'error'),
    };
    return { ...counters, loads };
  });
  const errors = perLabels((operation: string) =>
    instruments.counter('cacheErrors').labels(service, operation),
  );

  return {
    hit: (namespace, level) => namespaces(namespace)[level].inc(),
    miss: (namespace) => namespaces(namespace).misses.inc(),
    stale: (namespace) => namespaces(namespace).stale.inc(),
    load: (namespace, durationSeconds, outcome) =>
      namespaces(namespace).loads[outcome].observe(durationSeconds),
    error: (operation) => errors(operation).inc(),
  };
}
