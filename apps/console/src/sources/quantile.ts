import type { Sample } from './samples.ts';

/**
 * The value below which the share `q` of the observations lies, or null when there were none. The
 * samples are a histogram's cumulative buckets, of several series or replicas too: those of one `le`
 * are added up. Linear within a bucket, as Prometheus' `histogram_quantile` has it; beyond the last
 * finite bound it is that bound.
 */
export function quantileOf(q: number, buckets: readonly Sample[]): number | null {
  const byBound = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    byBound.set(bound, (byBound.get(bound) ?? 0) + value);
  }
  const bounds = [...byBound.keys()].sort((a, b) => a - b);
  const total = byBound.get(Number.POSITIVE_INFINITY) ?? 0;
  if (!(total > 0)) return null;
  const rank = q * total;
  let lower = 0;
  let below = 0;
  for (const bound of bounds) {
    const count = byBound.get(bound) as number;
    if (count >= rank) {
      if (bound === Number.POSITIVE_INFINITY) return lower;
      return count === below ? bound : lower + (bound - lower) * ((rank - below) / (count - below));
    }
    lower = bound;
    below = count;
  }
  return lower;
}
