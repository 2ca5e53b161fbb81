import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@woodytoys/service';

export interface CleanerOptions {
  /** What the rows are, for the log. */
  readonly what: string;
  /**
   * Removes a small batch in a statement of its own, which skips rows that others have locked.
   * Resolves with how many it removed, 0 when nothing is left.
   */
  readonly removeSome: () => Promise<number>;
  /** The pause between two rounds; default an hour. */
  readonly intervalMs?: number;
  readonly log: Logger;
}

/**
 * Removes what is too old, at once and then now and then: a process that never lives for an interval
 * cleans too. Replicas may all do so.
 */
export function createCleaner(options: CleanerOptions): { stop(): Promise<void> } {
  const { what, removeSome, log, intervalMs = 3_600_000 } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function round(): Promise<void> {
    let total = 0;
    try {
      for (let count = 1; count > 0 && !signal.aborted; total += count) count = await removeSome();
    } catch (error) {
      log.warn({ err: error, what }, 'old rows could not be removed; the next round tries again');
    }
    if (total > 0) log.info({ what, count: total }, 'old rows removed');
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await round();
      await sleep(intervalMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
