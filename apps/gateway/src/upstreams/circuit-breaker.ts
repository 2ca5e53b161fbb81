import { RollingCount } from './rolling-count.ts';
import type { Now } from './rolling-count.ts';

/**
 * closed: requests pass and are counted. open: none passes. half-open: a few pass, and their
 * outcome decides.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** How far back requests are counted. */
  readonly windowMs: number;
  /** With fewer requests in the window it stays closed. */
  readonly minRequests: number;
  /** Of the requests in the window, from 0 to 1: at this share of failures it opens. */
  readonly failureShare: number;
  readonly openMs: number;
  /** So many requests pass while half-open; when all succeed it closes, when one fails it opens. */
  readonly probes: number;
}

/** `abandoned`: its client went, so that it says nothing about the upstream. */
export type RequestOutcome = 'succeeded' | 'failed' | 'abandoned';

/** What `describe` of an upstream tells of its breaker. */
export interface BreakerDescription {
  readonly state: BreakerState;
  readonly requests: number;
  readonly failures: number;
  /** Until the next request is let through as a probe; 0 unless open. */
  readonly openForMs: number;
}

/** Stops asking an upstream that fails, and finds out now and then whether it still does. */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #now: Now;
  readonly #onTransition: (to: BreakerState) => void;
  readonly #requests: RollingCount;
  readonly #failures: RollingCount;
  #state: BreakerState = 'closed';
  /** Counts the transitions: what was let through before the last one does not count after it. */
  #period = 1;
  #openUntil = 0;
  #probing = 0;
  #passed = 0;

  constructor(
    options: BreakerOptions,
    { now, onTransition }: { readonly now: Now; readonly onTransition: (to: BreakerState) => void },
  ) {
    this.#options = options;
    this.#now = now;
    this.#onTransition = onTransition;
    this.#requests = new RollingCount(options.windowMs, now);
    this.#failures = new RollingCount(options.windowMs, now);
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** How long no request passes; 0 when one does. */
  get openForMs(): number {
    return this.#state === 'open' ? Math.max(0, this.#openUntil - this.#now()) : 0;
  }

  /** A pass, to be given back once to `done`; undefined when the request must not be sent. */
  admit(): number | undefined {
    if (this.#state === 'closed') return this.#period;
    if (this.#state === 'open') {
      if (this.#now() < this.#openUntil) return undefined;
      this.#turn('half-open');
    }
    if (this.#probing + this.#passed >= this.#options.probes) return undefined;
    this.#probing += 1;
    return this.#period;
  }

  done(pass: number, outcome: RequestOutcome): void {
    if (pass !== this.#period) return;
    if (this.#state === 'half-open') {
      this.#probing -= 1;
      if (outcome === 'failed') this.#turn('open');
      else if (outcome === 'succeeded') {
        this.#passed += 1;
        if (this.#passed >= this.#options.probes) this.#turn('closed');
      }
      return;
    }
    if (outcome === 'abandoned') return;
    this.#requests.add();
    if (outcome === 'succeeded') return;
    this.#failures.add();
    const { minRequests, failureShare } = this.#options;
    const requests = this.#requests.total;
    if (requests >= minRequests && this.#failures.total >= requests * failureShare) {
      this.#turn('open');
    }
  }

  describe(): BreakerDescription {
    return {
      state: this.#state,
      requests: this.#requests.total,
      failures: this.#failures.total,
      openForMs: Math.round(this.openForMs),
    };
  }

  #turn(to: BreakerState): void {
    this.#state = to;
    this.#period += 1;
    this.#probing = 0;
    this.#passed = 0;
    this.#requests.clear();
    this.#failures.clear();
    if (to === 'open') this.#openUntil = this.#now() + this.#options.openMs;
    this.#onTransition(to);
  }
}
