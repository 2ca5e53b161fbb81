/**
 * An open-loop load: requests start at a constant rate, whatever the answers take, so that a stall
 * shows as latency and not as fewer requests.
 */
import { Agent, request } from 'undici';

export interface LoadRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

export interface LoadOptions {
  readonly origin: string;
  readonly requestsPerSecond: number;
  /** Gives the n-th request, counted from 0. */
  readonly next: (n: number) => LoadRequest;
  /** Statuses that are answers and not failures, beside 2xx; default none. */
  readonly accepted?: readonly number[];
}

export interface LoadFailure {
  readonly request: string;
  /** The HTTP status, or the error's code and message. */
  readonly reason: string;
}

export interface LoadResult {
  readonly sent: number;
  readonly answered: number;
  readonly failures: readonly LoadFailure[];
  /** Milliseconds from the planned start to the end of the answer. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number };
}

/** A running load. */
export interface Load {
  /** Starts no more, waits for what is under way, and tells the result. */
  stop(): Promise<LoadResult>;
}

const TICK_MS = 5;

export function startLoad({ origin, requestsPerSecond, next, accepted = [] }: LoadOptions): Load {
  const agent = new Agent({ connections: 256, pipelining: 1, keepAliveTimeout: 4_000 });
  const startedAt = performance.now();
  const failures: LoadFailure[] = [];
  const latencies: number[] = [];
  const running = new Set<Promise<void>>();
  let sent = 0;

  async function send(planned: number, { method, path, body }: LoadRequest): Promise<void> {
    try {
      const response = await request(`${origin}${path}`, {
        method,
        dispatcher: agent,
        headersTimeout: 30_000,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.body.text();
      latencies.push(performance.now() - planned);
      const { statusCode } = response;
      if ((statusCode < 200 || statusCode > 299) && !accepted.includes(statusCode)) {
        failures.push({
          request: `${method} ${path}`,
          reason: `${statusCode} ${text.slice(0, 300)}`,
        });
      }
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      failures.push({ request: `${method} ${path}`, reason: `${code ?? ''} ${message}` });
    }
  }

  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * requestsPerSecond) / 1000);
    while (sent < due) {
      const planned = startedAt + (sent * 1000) / requestsPerSecond;
      const one = send(planned, next(sent)).finally(() => running.delete(one));
      running.add(one);
      sent += 1;
    }
  }, TICK_MS);

  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(running);
      await agent.close();
      return { sent, answered: latencies.length, failures, latencyMs: percentiles(latencies) };
    },
  };
}

/** Nearest-rank percentiles; 0 where there is nothing. */
export function percentiles(values: readonly number[]): LoadResult['latencyMs'] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
