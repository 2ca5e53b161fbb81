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

/** The limit follows the mean latency of so long, or of two baselines where they are longer. */
const WINDOW_MS = 100;
const WINDOW_MAX_MS = 1_000;
const WINDOW_SAMPLES = 10;
/** One answer counts for no more than so many baselines: a few slow ones are no queue. */
const OUTLIER_BASELINES = 6;
/** The most that a window can take off: the limit is multiplied by it. */
const LEAST_GRADIENT = 1 / 3;
/** The baseline is measured of so many answers, or of fewer where they take longer than this. */
const MEASURED_SAMPLES = 50;
const MEASURED_SAMPLES_LATE = 25;
const MEASURED_MS = 500;
/** It is measured with as many in flight as that takes, of the limit this part, and at least `min`. */
const MEASURED_WITH = 1 / 4;
/** While requests are turned away, and the latency is above the baseline, that is measured so often. */
const REMEASURE_MS = 30_000;
/**
 * The same once the limit has halved, or hardly leaves room for a queue: the upstream may have got
 * slower, or the baseline was measured of too few.
 */
const REMEASURE_LOW_MS = 3_000;
const LOW = 5;
/** A measurement turns requests away: of the time, it gets this part at most. */
const MEASURING_SHARE = 1 / 20;
/** How fast the baseline follows the latency while half of the limit or more is free. */
const BASELINE_FOLLOW = 0.1;
/** How fast it follows one below it otherwise: slowly, since chance alone makes some means low. */
const BASELINE_FALL = 0.02;

/**
 * How many requests an upstream can have in flight before they only wait for one another: the
 * gradient of latency, as Envoy's adaptive concurrency and Netflix's concurrency-limits have it.
 *
 * Each window the limit is multiplied by tolerance × baseline ÷ latency (at most 1, at least ⅓), plus
 * half its square root as room to grow. The latency is the middle one of the last three windows' means: a
 * moment in which this process was held up is no queue of the upstream's.
 *
 * The baseline follows the latency while half of the limit is free. Under constant overload that would
 * take the queue for normal; so it is measured with few requests in flight, for a moment each 30 s.
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
  /** From the start until nobody is turned away, or there is a first sign of a queue. */
  #doubles = true;
  #refused = false;
  /** The means of the last windows but this one. */
  #lastMs: readonly [number, number] | undefined;
  #measuring = false;
  #measuringBeganAt = 0;
  #measuringWith = 0;
  /** Requests begun before had others before them; undefined until those have drained. */
  #measuringSince: number | undefined;
  #remeasureAt: number;
  /** The same while the limit is low, compared with its highest since. */
  #remeasureLowAt: number;
  #highest = 0;

  constructor(options: AdaptiveLimitOptions, now: Now) {
    this.#options = options;
    this.#now = now;
    this.#limit = Math.min(Math.max(options.initial, options.min), options.max);
    // What is only followed is a guess: it is measured before the first time that it turns away many.
    this.#windowStartedAt = this.#remeasureAt = this.#remeasureLowAt = now();
  }

  get limit(): number {
    return this.#measuring ? this.#measuringWith : Math.floor(this.#limit);
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
    this.#sumMs += Math.min(latencyMs, OUTLIER_BASELINES * (this.#baselineMs ?? Infinity));
    this.#samples += 1;
    if (inFlight > this.#peak) this.#peak = inFlight;
    if (now - this.#windowStartedAt >= this.#windowMs() && this.#samples >= WINDOW_SAMPLES) {
      this.#update(now, this.#sumMs / this.#samples);
    }
  }

  /**
   * Nobody waits for the answer any more, after `latencyMs`. When that is longer than an answer should
   * take it counts as one: clients that give up sooner than a queue is long would hide the queue.
   */
  abandoned(latencyMs: number, inFlight: number): void {
    const { tolerance } = this.#options;
    if (latencyMs > tolerance * (this.#baselineMs ?? Infinity)) this.sample(latencyMs, inFlight);
  }

  describe(): AdaptiveLimitDescription {
    return {
      limit: this.limit,
      baselineMs: this.#baselineMs === undefined ? null : Math.round(this.#baselineMs * 100) / 100,
      measuring: this.#measuring,
    };
  }

  #update(now: number, windowMs: number): void {
    const { initial, min, max, tolerance } = this.#options;
    const [peak, refused] = [this.#peak, this.#refused];
    const latencyMs = this.#middleOf(windowMs);
    this.#newWindow(now);
    this.#baselineMs ??= windowMs;
    if (!refused && peak <= this.#limit / 2) this.#follow(latencyMs, BASELINE_FOLLOW);
    else if (latencyMs < this.#baselineMs) this.#follow(latencyMs, BASELINE_FALL);
    const gradient = Math.max(
      LEAST_GRADIENT,
      Math.min(1, (tolerance * this.#baselineMs) / latencyMs),
    );
    // What is not used says nothing about whether more would be too much; below where it began an
    // overload that is over would refuse a burst.
    if (gradient < 1 || refused || peak > this.#limit / 2 || this.#limit < initial) {
      const grown = this.#doubles && refused && gradient === 1;
      const room = Math.max(1, Math.sqrt(this.#limit) / 2);
      const next = this.#limit * gradient + (grown ? this.#limit : room);
      this.#limit = Math.max(min, Math.min(max, next));
    }
    if (gradient < 1 || !refused) this.#doubles = false;
    this.#highest = Math.max(this.#highest, this.#limit);
    const low = this.#limit < Math.max(LOW, this.#highest / 2);
    const dueAt = low ? this.#remeasureLowAt : this.#remeasureAt;
    if (gradient < 1 && refused && now >= dueAt) this.#beginMeasuring(now);
  }

  #windowMs(): number {
    return Math.min(Math.max(WINDOW_MS, 2 * (this.#baselineMs ?? 0)), WINDOW_MAX_MS);
  }

  #middleOf(windowMs: number): number {
    const [older, newer] = this.#lastMs ?? [windowMs, windowMs];
    this.#lastMs = [newer, windowMs];
    return Math.max(Math.min(older, newer), Math.min(Math.max(older, newer), windowMs));
  }

  #follow(meanMs: number, share: number): void {
    const baselineMs = this.#baselineMs as number;
    this.#baselineMs = baselineMs + share * (meanMs - baselineMs);
  }

  #beginMeasuring(now: number): void {
    this.#measuring = true;
    this.#measuringBeganAt = now;
    const wanted = (this.#baselineMs as number) * (MEASURED_SAMPLES_LATE / MEASURED_MS);
    const most = this.#limit * MEASURED_WITH;
    this.#measuringWith = Math.max(this.#options.min, Math.floor(Math.min(wanted, most)));
    this.#measuringSince = undefined;
  }

  #measure(now: number, latencyMs: number, inFlight: number): void {
    if (this.#measuringSince === undefined) {
      if (inFlight <= this.#measuringWith) this.#measuringSince = now;
      return;
    }
    if (now - latencyMs < this.#measuringSince) return;
    this.#sumMs += latencyMs;
    this.#samples += 1;
    const late = now - this.#measuringSince >= MEASURED_MS;
    if (this.#samples < (late ? MEASURED_SAMPLES_LATE : MEASURED_SAMPLES)) return;
    this.#baselineMs = this.#sumMs / this.#samples;
    this.#measuring = false;
    const pauseMs = (now - this.#measuringBeganAt) / MEASURING_SHARE;
    this.#remeasureAt = now + Math.max(REMEASURE_MS, pauseMs);
    this.#remeasureLowAt = now + Math.max(REMEASURE_LOW_MS, pauseMs);
    this.#highest = this.#limit;
    this.#lastMs = undefined;
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
