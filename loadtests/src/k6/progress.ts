/** What a run has come to so far, as k6's own API tells it. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Progress {
  /** Since the first iteration. */
  readonly seconds: number;
  readonly requests: number;
  /** Over the time since the last report. */
  readonly requestsPerSecond: number;
  /** Milliseconds, over the whole run so far. */
  readonly p95: number;
  readonly failed: number;
  readonly dropped: number;
}

type Sample = Readonly<Record<string, number>>;

const EACH_MS = 1_000;

/** Reports each second until `signal` aborts; seconds in which k6 does not answer are left out. */
export async function followProgress(
  port: number,
  report: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> {
  let last: { at: number; requests: number } | undefined;
  let began: number | undefined;
  while (!signal.aborted) {
    await sleep(EACH_MS, undefined, { signal }).catch(() => {});
    const requests = (await ask(port, 'http_reqs{part:load}', signal))?.['count'] ?? 0;
    if (requests === 0) continue;
    const at = performance.now();
    began ??= at - EACH_MS;
    const since = last ?? { at: began, requests: 0 };
    last = { at, requests };
    const [duration, failed, dropped] = await Promise.all(
      ['http_req_duration{part:load}', 'http_req_failed{part:load}', 'dropped_iterations'].map(
        (metric) => ask(port, metric, signal),
      ),
    );
    report({
      seconds: (at - began) / 1000,
      requests,
      requestsPerSecond: ((requests - since.requests) * 1000) / (at - since.at),
      p95: duration?.['p(95)'] ?? 0,
      failed: Math.round((failed?.['rate'] ?? 0) * requests),
      dropped: dropped?.['count'] ?? 0,
    });
  }
}

/** One metric at a time: for all of them k6 would sort every value that it has measured, each second. */
async function ask(port: number, metric: string, signal: AbortSignal): Promise<Sample | undefined> {
  try {
    const url = `http://127.0.0.1:${port}/v1/metrics/${encodeURIComponent(metric)}`;
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]),
    });
    if (!response.ok) return undefined;
    const { data } = (await response.json()) as { data: { attributes: { sample: Sample } } };
    return data.attributes.sample;
  } catch {
    return undefined;
  }
}

/** `12 s of 60 s · 301 req/s · p95 18 ms · 0 failed` */
export function progressLine(progress: Progress, ofSeconds: number | undefined): string {
  const { seconds, requestsPerSecond, p95, failed, dropped } = progress;
  const whole = ofSeconds === undefined ? '' : ` of ${Math.round(ofSeconds)} s`;
  const parts = [
    `${Math.round(seconds)} s${whole}`,
    `${Math.round(requestsPerSecond)} req/s`,
    `p95 ${p95 < 10 ? p95.toFixed(1) : Math.round(p95)} ms`,
    `${failed} failed`,
    ...(dropped > 0 ? [`${dropped} not started`] : []),
  ];
  return parts.join(' · ');
}
