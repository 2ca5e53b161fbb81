import type { Part } from '../platform.ts';
import type { History, JobCount, Queue, Service, Source } from '../snapshot.ts';

/** What a source knew at one time. */
export interface Reading {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly services: readonly Service[];
  readonly jobCounts: readonly JobCount[];
  readonly queues: readonly Queue[];
}

/** Where the numbers come from. */
export interface MetricsSource {
  readonly kind: Source['kind'];
  /** Over which rates and quantiles are taken. */
  readonly windowSeconds: number;
  /** Begins what it does for the history while nobody asks. */
  start(): void;
  /** @throws Error that says what did not answer (rejection). */
  read(parts: readonly Part[]): Promise<Reading>;
  /**
   * The last five minutes; empty where nothing is known of them.
   * @throws Error that says what did not answer (rejection).
   */
  history(parts: readonly Part[]): Promise<History>;
  close(): void;
}

/** What the first paint of the page shows. */
export const HISTORY_SECONDS = 300;
export const HISTORY_STEP_SECONDS = 5;
