import { AdaptiveLimit } from './adaptive-limit.ts';
import type { AdaptiveLimitDescription, AdaptiveLimitOptions } from './adaptive-limit.ts';
import type { Now } from './rolling-count.ts';

export interface ConcurrencyLimitOptions {
  readonly maxInFlight: number;
  /** Undefined for no limit but `maxInFlight`. */
  readonly adaptive: Omit<AdaptiveLimitOptions, 'max'> | undefined;
}

export interface ConcurrencyLimitDescription {
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly adaptive: AdaptiveLimitDescription | null;
}

/** Counts the requests in flight to an upstream, and says whether one more may go. */
export class ConcurrencyLimit {
  inFlight = 0;
  readonly #maxInFlight: number;
  readonly #adaptive: AdaptiveLimit | undefined;

  constructor({ maxInFlight, adaptive }: ConcurrencyLimitOptions, now: Now) {
    this.#maxInFlight = maxInFlight;
    if (adaptive !== undefined) {
      this.#adaptive = new AdaptiveLimit({ ...adaptive, max: maxInFlight }, now);
    }
  }

  get limit(): number {
    return this.#adaptive === undefined ? this.#maxInFlight : this.#adaptive.limit;
  }

  /** Counts a request, to be given back once to `leave`; false when there are too many already. */
  tryEnter(): boolean {
    if (this.inFlight >= this.limit) {
      this.#adaptive?.refused();
      return false;
    }
    this.inFlight += 1;
    return true;
  }

  leave(): void {
    this.inFlight -= 1;
  }

  /** An answer, or the end of waiting for one, came after `latencyMs`. */
  sample(latencyMs: number): void {
    this.#adaptive?.sample(latencyMs, this.inFlight);
  }

  /** Nobody waits any more, after `latencyMs`, for an answer that has not begun. */
  abandoned(latencyMs: number): void {
    this.#adaptive?.abandoned(latencyMs, this.inFlight);
  }

  describe(): ConcurrencyLimitDescription {
    return {
      inFlight: this.inFlight,
      maxInFlight: this.#maxInFlight,
      adaptive: this.#adaptive?.describe() ?? null,
    };
  }
}
