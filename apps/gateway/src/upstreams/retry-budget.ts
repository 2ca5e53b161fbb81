import { RollingCount } from './rolling-count.ts';
import type { Now } from './rolling-count.ts';

export interface RetryBudgetOptions {
  /** Retries for each request of the window, such as 0.2. */
  readonly share: number;
  /** Retries a second on top, so that an upstream with little traffic has some. */
  readonly minPerSecond: number;
}

export interface RetryBudgetDescription {
  readonly requests: number;
  readonly retries: number;
  /** How many more there may be now. */
  readonly left: number;
}

/** As Finagle and Linkerd have it. */
const WINDOW_MS = 10_000;

/** Keeps retries to a share of the requests: they must not double the load of what fails. */
export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  readonly #requests: RollingCount;
  readonly #retries: RollingCount;

  constructor(options: RetryBudgetOptions, now: Now) {
    this.#options = options;
    this.#requests = new RollingCount(WINDOW_MS, now);
    this.#retries = new RollingCount(WINDOW_MS, now);
  }

  request(): void {
    this.#requests.add();
  }

  /** Takes a retry out of the budget; false when it is spent. */
  tryRetry(): boolean {
    if (this.#left() < 1) return false;
    this.#retries.add();
    return true;
  }

  describe(): RetryBudgetDescription {
    return {
      requests: this.#requests.total,
      retries: this.#retries.total,
      left: Math.max(0, Math.floor(this.#left())),
    };
  }

  #left(): number {
    const { share, minPerSecond } = this.#options;
    const allowed = minPerSecond * (WINDOW_MS / 1000) + share * this.#requests.total;
    // Sums of shares such as 0.1 fall a little short of whole numbers.
    return allowed + 1e-9 - this.#retries.total;
  }
}
