/** Figures that many labs show. */
import { numberText } from './numbers.ts';
import type { Figure } from './results.ts';
import type { Spread } from './statistics.ts';

export const requestsPerSecond: Figure = (k6) => k6.requestsPerSecond;
/** Those that were answered as expected. */
export const goodPerSecond: Figure = (k6) => k6.requestsPerSecond * (1 - k6.failedRatio);
export const p50: Figure = (k6) => k6.latency.p50;
export const p95: Figure = (k6) => k6.latency.p95;
export const p99: Figure = (k6) => k6.latency.p99;
export const failedRatio: Figure = (k6) => k6.failedRatio;
/** Requests that failed and iterations that k6 could not begin. */
export const lost: Figure = (k6) => Math.round(k6.failedRatio * k6.requests) + k6.dropped;

/** The median, and how far the repetitions are apart: "12.3 (11.9–14)". */
export function spreadText({ median, least, most, count }: Spread): string {
  if (count < 2) return numberText(median);
  return `${numberText(median)} (${numberText(least)}–${numberText(most)})`;
}
