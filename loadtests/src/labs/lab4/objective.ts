import type { Measurement } from '../../lab/lab.ts';

/** What the platform promises under load: p95 in ms, and the share of requests that may fail. */
export const OBJECTIVE = { p95: 250, failedRatio: 0.001 };

/** Whether a load was borne: all of it was sent, and answered in time. */
export function holds({ k6 }: Measurement): boolean {
  return (
    k6 !== undefined &&
    k6.dropped === 0 &&
    k6.failedRatio <= OBJECTIVE.failedRatio &&
    k6.latency.p95 <= OBJECTIVE.p95
  );
}

/** How many seconds in a row have to be normal. */
const STEADY_SECONDS = 3;

/**
 * Seconds from the first event of a measurement until all is normal again: three seconds in a row
 * without a failed request, and with a p95 of at most twice its median of before.
 *
 * @returns undefined when it never was, or there was no event.
 */
export function recoverySeconds({ events, series }: Measurement): number | undefined {
  const killed = events[0]?.seconds;
  const p95 = series.find(({ name }) => name === 'p95')?.points ?? [];
  const failed = new Map(series.find(({ name }) => name === 'failed')?.points);
  if (killed === undefined) return undefined;
  // The first seconds of a load are its beginning.
  const before = p95.filter(([at]) => at >= 2 && at < killed - 1).map(([, ms]) => ms);
  const usual = before.toSorted((a, b) => a - b)[before.length >> 1];
  if (usual === undefined) return undefined;
  const after = p95.filter(([at]) => at >= Math.floor(killed));
  const normal = after.map(([at, ms]) => ms <= 2 * usual && (failed.get(at) ?? 0) === 0);
  const first = normal.findIndex((_, index) => {
    const next = normal.slice(index, index + STEADY_SECONDS);
    return next.length === STEADY_SECONDS && next.every(Boolean);
  });
  const found = after[first]?.[0];
  return found === undefined ? undefined : Math.max(0, found - killed);
}
