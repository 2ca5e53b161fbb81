/** Pieces of PromQL that many panels share. */

/** Of the service that is chosen. */
export const ofService = 'service=~"$service"';
/** Of the replicas that are chosen. */
export const ofReplica = 'service=~"$service", instance=~"$replica"';
/** Likewise for what a process says of itself, which has no label `service`. */
export const ofProcess = 'job=~"$service"';
export const ofProcessReplica = 'job=~"$service", instance=~"$replica"';

/**
 * Matcher that leaves streams out of latency: they last as long as their clients want. The recording
 * rules have the same.
 */
export const noStreams = 'http_route!~".*/(events|stream)"';

/** Sum of the increase a second of a counter, over all labels but `by`. */
export function perSecond(by: string, counter: string): string {
  return `sum by (${by}) (rate(${counter}[$__rate_interval]))`;
}

/**
 * A percentile from the buckets of all replicas taken together: percentiles of replicas must not be
 * averaged.
 *
 * @param quantile 0 to 1.
 * @param by labels to tell apart, separated by commas; empty for one over all.
 * @param buckets the histogram's series that ends with `_bucket`.
 */
export function percentile(quantile: number, by: string, buckets: string): string {
  const labels = by === '' ? 'le' : `${by}, le`;
  return `histogram_quantile(${quantile}, ${perSecond(labels, buckets)})`;
}

/** What share of a counter a part of it is; 0 where there is no such part, nothing without traffic. */
export function share(by: string, part: string, whole: string): string {
  const all = perSecond(by, whole);
  return `(${perSecond(by, part)} or 0 * ${all}) / ${all}`;
}
