import { Client } from 'undici';
import { percentile } from '../statistics.ts';
import type { ValidCall } from './service-contract.ts';

/** Milliseconds from asking to the end of the answer. */
export interface CallTimes {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Makes each call, one after another over one connection.
 * @throws Error for an answer other than the backend's (rejection).
 */
export async function firstCalls(port: number, calls: readonly ValidCall[]): Promise<CallTimes> {
  const client = new Client(`http://127.0.0.1:${port}`);
  const times: number[] = [];
  for (const { method, path, headers, body } of calls) {
    const startedAt = performance.now();
    const answer = await client.request({
      method: method as 'GET',
      path,
      headers: headers ?? {},
      body: body ?? null,
    });
    const text = await answer.body.text();
    times.push(performance.now() - startedAt);
    if (answer.statusCode !== 200) {
      throw new Error(`${method} ${path} answered ${answer.statusCode} ${text}`);
    }
  }
  await client.close();
  times.sort((one, other) => one - other);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), max: percentile(times, 1) };
}
