/** Second by second figures of a load, from the lines that k6 writes with `--out csv`. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TimeSeries } from './lab.ts';

interface Second {
  readonly durations: number[];
  failed: number;
}

/**
 * @param file with the columns metric_name, timestamp (seconds since 1970) and metric_value first.
 * @param began when the measurement did, in milliseconds since 1970.
 * @returns requests and failed requests a second, and the latency's p95 in milliseconds.
 */
export async function everySecond(file: string, began: number): Promise<readonly TimeSeries[]> {
  const seconds = new Map<number, Second>();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const [metric, timestamp, value] = line.split(',', 3);
    if (metric !== 'http_req_duration' && metric !== 'http_req_failed') continue;
    const at = Number(timestamp) - Math.floor(began / 1000);
    let second = seconds.get(at);
    if (second === undefined) seconds.set(at, (second = { durations: [], failed: 0 }));
    if (metric === 'http_req_failed') second.failed += Number(value);
    else second.durations.push(Number(value));
  }
  const sorted = [...seconds].toSorted(([a], [b]) => a - b);
  const series = (name: string, unit: string, of: (second: Second) => number): TimeSeries => ({
    name,
    unit,
    points: sorted.map(([at, second]) => [at, of(second)] as const),
  });
  return [
    series('requests', '1/s', ({ durations }) => durations.length),
    series('failed', '1/s', ({ failed }) => failed),
    series('p95', 'ms', ({ durations }) => percentile(durations, 0.95)),
  ];
}

/** The value that the share of the others does not exceed, by rank. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
