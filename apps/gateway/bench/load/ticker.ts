/**
 * A thread that wakes the generator when requests are due. The event loop's own timers count whole
 * milliseconds, which would be most of what is to be measured.
 */
import { parentPort, workerData } from 'node:worker_threads';

const { startsAt, endsAt, intervalMs } = workerData as {
  /** As `now()` of the generator. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly intervalMs: number;
};
const never = new Int32Array(new SharedArrayBuffer(4));
const now = () => Number(process.hrtime.bigint()) / 1e6;

for (let at = startsAt; at < endsAt; at += intervalMs) {
  const left = at - now();
  if (left > 0) Atomics.wait(never, 0, 0, left);
  parentPort?.postMessage(undefined);
}
parentPort?.close();
