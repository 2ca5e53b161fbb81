import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad, type LoadResult } from '../../src/load.ts';
import { createMix } from '../../src/mix.ts';

/** Resolves when replicas that have started are warm: until then their start is what is measured. */
export async function settled(entry: string): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
    const warmUp = startLoad({
      origin: entry,
      requestsPerSecond: 100,
      next: createMix(`warm_${Date.now().toString(36)}`),
    });
    await sleep(2_000);
    const { failures, latencyMs } = await warmUp.stop();
    if (failures.length === 0 && latencyMs.p95 < 200) return;
  }
}

/** The failures of a load, short enough to read in a test's output. */
export const failed = (result: LoadResult) => result.failures.slice(0, 5);
