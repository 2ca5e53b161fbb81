import { setTimeout as sleep } from 'node:timers/promises';

/** How long a handler that was told to end may take to clear up. */
const GRACE_MS = 1000;

/** The handlers of one consumer that run at the moment, so that stopping can wait for them. */
export class RunningHandlers {
  readonly #running = new Set<Promise<void>>();
  readonly #overtime = new AbortController();

  /** Aborted when draining has taken too long. */
  get overtime(): AbortSignal {
    return this.#overtime.signal;
  }

  /** Takes part in draining until it settles; it must not reject. */
  add(run: Promise<void>): void {
    const tracked = run.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /**
   * Waits for the handlers that run. After `timeoutMs` their signals are aborted, and what still runs
   * a second later is left to itself: its message has not been acknowledged and comes again.
   *
   * @returns how many were left
   */
  async drain(timeoutMs: number): Promise<number> {
    await this.#settled(timeoutMs);
    if (this.#running.size === 0) return 0;
    this.#overtime.abort(
      new Error(`The handler ran for longer than the ${timeoutMs} ms to drain.`),
    );
    await this.#settled(GRACE_MS);
    return this.#running.size;
  }

  async #settled(timeoutMs: number): Promise<void> {
    const timer = new AbortController();
    const timedOut = sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => {});
    await Promise.race([Promise.all(this.#running), timedOut]);
    timer.abort();
  }
}
