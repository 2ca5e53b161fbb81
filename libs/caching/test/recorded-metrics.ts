import type { CacheMetrics } from '@woodytoys/metrics';

/** Counts what a cache reports, by kind and first labels: `hit product memory`, `load product ok`. */
export interface RecordedMetrics extends CacheMetrics {
  count(what: string): number;
}

export function recordMetrics(): RecordedMetrics {
  const counts = new Map<string, number>();
  const add = (...words: readonly string[]): void => {
    const what = words.join(' ');
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  return {
    hit: (namespace, level) => add('hit', namespace, level),
    miss: (namespace) => add('miss', namespace),
    stale: (namespace) => add('stale', namespace),
    load: (namespace, _seconds, outcome) => add('load', namespace, outcome),
    error: (operation) => add('error', operation),
    count: (what) => counts.get(what) ?? 0,
  };
}
