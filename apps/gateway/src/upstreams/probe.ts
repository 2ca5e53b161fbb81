import { createPool } from './connection.ts';
import type { Address } from './discovery.ts';
import type { Replica } from './replica.ts';
import type { UpstreamTls } from './tls.ts';

export interface ProbeOptions {
  /** Of the replica's host; the replica's own port unless given. */
  readonly port: number | undefined;
  /** The replica's own on its own port, else plain HTTP, unless given. */
  readonly protocol: Address['protocol'] | undefined;
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly tls: UpstreamTls | undefined;
}

export interface Probe {
  /** Resolves after the first answer or failure. */
  readonly first: Promise<void>;
  stop(): void;
}

/**
 * A late answer is no answer yet: a busy process may miss one. Any other failure, such as a 503
 * while draining or a refused connection, is believed at once.
 */
const LATE_ANSWERS = 2;

/** Longer than most intervals: a probe need not connect each time. */
const KEEP_ALIVE_MS = 4_000;

/** Asks a replica again and again whether it is ready, and sets its `ready`. */
export function startProbe(
  replica: Replica,
  { port, protocol, path, intervalMs, timeoutMs, tls }: ProbeOptions,
): Probe {
  const { address } = replica;
  const own = protocol ?? (port === undefined ? address.protocol : 'http:');
  const pool = createPool(
    { ...address, port: port ?? address.port, protocol: own },
    { connections: 1, connectTimeoutMs: timeoutMs, keepAliveMs: KEEP_ALIVE_MS, tls },
  );
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let late = 0;

  async function ask(): Promise<'ready' | 'not ready' | 'late'> {
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const { statusCode, body } = await pool.request({ method: 'GET', path, signal });
      await body.dump();
      return statusCode === 200 ? 'ready' : 'not ready';
    } catch {
      // Which failure it was changes nothing: the replica's state is the report, and a metric.
      return signal.aborted ? 'late' : 'not ready';
    }
  }

  async function round(): Promise<void> {
    const result = await ask();
    if (stopped) return;
    timer = setTimeout(() => void round(), intervalMs);
    timer.unref();
    late = result === 'late' ? late + 1 : 0;
    if (result === 'late' && late < LATE_ANSWERS) return;
    replica.setReady(result === 'ready');
    if (result === 'ready') replica.bringBack();
  }

  return {
    first: round(),
    stop() {
      stopped = true;
      clearTimeout(timer);
      void pool.destroy();
    },
  };
}
