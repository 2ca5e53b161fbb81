import type { Now } from './rolling-count.ts';

export interface AdaptiveLimitOptions {
  readonly initial: number;
  readonly min: number;
  readonly max: number;
  /** How many times its latency without a queue an upstream may take. */
  readonly tolerance: number;
}

export interface AdaptiveLimitDescription {
  readonly limit: number;
  /** The latency without a queue, as last measured; null before. */
  readonly baselineMs: number | null;
  readonly measuring: boolean;
}

/** The limit follows the mean latency of so long. */
const WINDOW_MS = 100;
const WINDOW_SAMPLES = 10;
const MEASURED_SAMPLES = 20;
/** While the latency is above the baseline, the baseline is measured anew so often. */
const REMEASURE_MS = 30_000;
/** How fast the baseline follows a latency below it, and one above it with `min` in flight. */
const BASELINE_FALL = 0.1;
const BASELINE_RISE = 0.5;

/**
 * How many requests an upstream can have in flight before they only wait for one another: the
 * gradient of latency, as Envoy's adaptive concurrency and Netflix's concurrency-limits have it.
 *
 * Each window the limit is multiplied by tolerance × baseline ÷ latency (at most 1, at least ½), plus
 * its square root as room to grow. Under constant overload a moving average would take the queue for
 * normal; so the baseline is measured with `min` requests in flight, for a moment each 30 s.
 */
export class AdaptiveLimit {
  readonly #options: AdaptiveLimitOptions;
  readonly #now: Now;
  #limit: number;
  #baselineMs: number | undefined;
  #windowStartedAt: number;
  #sumMs = 0;
  #samples = 0;
  #peak = 0;
  #refused = false;
  #measuring = false;
  /** Requests begun before had others before them; undefined until those have drained. */
  #measuringSince: number | undefined;
  #measuredAt: number;

  constructor(options: AdaptiveLimitOptions, now: Now) {
    this.#options = options;
    this.#now = now;
    this.#limit = Math.min(Math.max(options.initial, options.min), options.max);
    this.#windowStartedAt = this.#measuredAt = now();
  }

  get limit(): number {
    return this.#measuring ? this.#options.min : Math.floor(this.#limit);
  }

  /** Somebody was turned away: the upstream has all that it may get. */
  refused(): void {
    this.#refused = true;
  }

  /** An answer began after `latencyMs`; `inFlight` counts its own request. */
  sample(latencyMs: number, inFlight: number): void {
    const now = this.#now();
    if (this.#measuring) {
      this.#measure(now, latencyMs, inFlight);
      return;
    }
    this.#sumMs += latencyMs;
    this.#samples += 1;
    if (inFlight > this.#peak) this.#peak = inFlight;
    if (now - this.#windowStartedAt >= WINDOW_MS && this.#samples >= WINDOW_SAMPLES) {
      this.#update(now, this.#sumMs / this.#samples);
    }
  }

  describe(): AdaptiveLimitDescription {
    return {
      limit: this.limit,
      baselineMs: this.#baselineMs === undefined ? null : Math.round(this.#baselineMs * 100) / 100,
      measuring: this.#measuring,
    };
  }

  #update(now: number, meanMs: number): void {
    const { min, max, tolerance } = this.#options;
    const [peak, refused] = [this.#peak, this.#refused];
    this.#newWindow(now);
    if (this.#baselineMs === undefined) {
      if (refused) this.#beginMeasuring();
      else this.#baselineMs = meanMs;
      return;
    }
    // With `min` in flight it is a measurement too: the upstream, or the way to it, got slower.
    if (meanMs < this.#baselineMs) this.#follow(meanMs, BASELINE_FALL);
    else if (peak <= min) this.#follow(meanMs, BASELINE_RISE);
    const gradient = Math.max(0.5, Math.min(1, (tolerance * this.#baselineMs) / meanMs));
    // What is not used says nothing about whether more would be too much.
    if (gradient < 1 || refused || peak > this.#limit / 2) {
      const next = this.#limit * gradient + Math.sqrt(this.#limit);
      this.#limit = Math.max(min, Math.min(max, next));
    }
    if (gradient < 1 && now - this.#measuredAt >= REMEASURE_MS) this.#beginMeasuring();
  }

  #follow(meanMs: number, share: number): void {
    const baselineMs = this.#baselineMs as number;
    this.#baselineMs = baselineMs + share * (meanMs - baselineMs);
  }

  #beginMeasuring(): void {
    this.#measuring = true;
    this.#measuringSince = undefined;
  }

  #measure(now: number, latencyMs: number, inFlight: number): void {
    if (this.#measuringSince === undefined) {
      if (inFlight <= this.#options.min) this.#measuringSince = now;
      return;
    }
    if (now - latencyMs < this.#measuringSince) return;
    this.#sumMs += latencyMs;
    this.#samples += 1;
    if (this.#samples < MEASURED_SAMPLES) return;
    this.#baselineMs = this.#sumMs / this.#samples;
    this.#measuring = false;
    this.#measuredAt = now;
    this.#newWindow(now);
  }

  #newWindow(now: number): void {
    this.#windowStartedAt = now;
    this.#sumMs = 0;
    this.#samples = 0;
    this.#peak = 0;
    this.#refused = false;
  }
}
