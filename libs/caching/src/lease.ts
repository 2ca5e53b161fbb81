import { setTimeout as sleep } from 'node:timers/promises';
import { leaseMs } from './second-level.ts';
import type { Reading, SecondLevel } from './second-level.ts';

/** A waiter asks after 5 ms and then ever less often: most loads take a few milliseconds. */
const firstPollMs = 5;
const slowestPollMs = 100;
/** A load that hangs for longer loses its lease, so that it does not hold up the other replicas. */
const longestLoadMs = 60_000;

/** Keeps a lease until the result is called; `onLost` is called when it is another's by then. */
export function keepLease(
  second: SecondLevel,
  namespace: string,
  id: string,
  lease: string,
  onLost: () => void,
): () => void {
  const since = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - since > longestLoadMs) return clearInterval(timer);
    void second.renew(namespace, id, lease).then((held) => {
      if (held) return;
      clearInterval(timer);
      onLost();
    });
  }, leaseMs / 3);
  timer.unref();
  return () => clearInterval(timer);
}

export interface Waiting {
  /** As for `SecondLevel.read`. */
  readonly staleMs: number;
  /** Milliseconds, after which the wait is in vain. */
  readonly longestMs: number;
  /** What ends the wait: an entry or a lease, unless given. */
  readonly enough?: (reading: Reading) => boolean;
}

const entryOrLease = ({ entry, lease }: Reading): boolean =>
  entry !== undefined || lease !== undefined;

/** Reads, and waits while another replica loads. `undefined` when the second level cannot be used. */
export async function readOrWait(
  second: SecondLevel,
  namespace: string,
  id: string,
  { staleMs, longestMs, enough = entryOrLease }: Waiting,
): Promise<Reading | undefined | 'waited in vain'> {
  const deadline = performance.now() + longestMs;
  for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, slowestPollMs)) {
    const reading = await second.read(namespace, id, staleMs);
    if (reading === undefined || enough(reading)) return reading;
    if (performance.now() > deadline) return 'waited in vain';
    await sleep(pollMs * (0.75 + Math.random() / 2));
  }
}
