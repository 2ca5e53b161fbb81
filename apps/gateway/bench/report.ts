import type { Measured, Sample } from './measure.ts';
import { median, spread } from './statistics.ts';
import type { Spread } from './statistics.ts';

/** The figures of a candidate over all turns. */
export interface Figures {
  readonly key: string;
  readonly title: string;
  readonly note: string;
  readonly requestsPerSecond: Spread;
  /** Microseconds on a core for each request. */
  readonly cpuMicros: Spread;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Milliseconds beyond the backend's own in the same turn, at the arrival rate. */
  readonly addedP50Ms: number | undefined;
  readonly addedP99Ms: number | undefined;
  readonly pssMegabytes: number;
  readonly rssMegabytes: number;
}

/** What a candidate is compared by; each is a median of the ratios of the turns. */
export interface Ratio {
  readonly of: string;
  readonly to: string;
  readonly requestsPerSecond: number;
  /** How often the work of `of` fits into that of `to`: above 1 is less work. */
  readonly cpu: number;
  readonly memory: number;
}

export interface Bar {
  readonly what: string;
  readonly wanted: string;
  readonly measured: number;
  readonly met: boolean;
}

/** One candidate with its turns; `samples[n]` belongs to the nth turn of all others. */
export interface Turns {
  readonly key: string;
  readonly title: string;
  readonly samples: readonly Measured[];
}

const MEGABYTE = 1_000_000;

export function figuresOf({ key, title, samples }: Turns, direct: readonly Sample[]): Figures {
  const each = (value: (sample: Measured, turn: number) => number) => samples.map(value);
  const added = (share: 'p50Ms' | 'p99Ms') =>
    samples[0]?.open &&
    median(each(({ open }, turn) => (open?.[share] ?? NaN) - (direct[turn]?.open?.[share] ?? 0)));
  return {
    key,
    title,
    note: samples[0]?.note ?? '',
    requestsPerSecond: spread(each(({ closed }) => closed.requests / closed.seconds)),
    cpuMicros: spread(each(({ cpuMicros }) => cpuMicros)),
    p50Ms: median(each(({ closed }) => closed.p50Ms)),
    p99Ms: median(each(({ closed }) => closed.p99Ms)),
    addedP50Ms: added('p50Ms'),
    addedP99Ms: added('p99Ms'),
    pssMegabytes: median(each(({ pss }) => pss / MEGABYTE)),
    rssMegabytes: median(each(({ rss }) => rss / MEGABYTE)),
  };
}

/** The ratios of every candidate to one, turn by turn: what disturbs a turn disturbs both. */
export function ratiosTo(key: string, all: readonly Turns[]): Ratio[] {
  const base = all.find((turns) => turns.key === key);
  if (base === undefined) return [];
  return all.map(({ key: of, samples }) => {
    const middle = (ratio: (one: Measured, other: Measured) => number) =>
      median(samples.map((sample, turn) => ratio(sample, base.samples[turn] as Measured)));
    return {
      of,
      to: key,
      requestsPerSecond: middle(
        (one, other) =>
          one.closed.requests / one.closed.seconds / (other.closed.requests / other.closed.seconds),
      ),
      cpu: middle((one, other) => other.cpuMicros / one.cpuMicros),
      memory: middle((one, other) =>
        Number.isNaN(one.pss) ? one.rss / other.rss : one.pss / other.pss,
      ),
    };
  });
}

/** The gateway's own aims, as far as what they speak of was measured. */
export function barsOf(figures: readonly Figures[], ratios: readonly Ratio[]): Bar[] {
  const atLeast = (least: number, of: string, to: string): Bar[] =>
    ratios
      .filter((ratio) => ratio.of === of && ratio.to === to)
      .map(({ requestsPerSecond: measured }) => ({
        what: `requests/s of ${of} to ${to}`,
        wanted: `≥ ${least.toFixed(1)}`,
        measured,
        met: measured >= least,
      }));
  const atMost = (most: number, name: 'addedP50Ms' | 'addedP99Ms', what: string): Bar[] =>
    figures.flatMap((figure) => {
      const measured = figure[name];
      if (figure.key !== 'full' || measured === undefined) return [];
      return [{ what, wanted: `≤ ${most} ms`, measured, met: measured <= most }];
    });
  return [
    ...atLeast(1.3, 'bare', 'fastify'),
    ...atLeast(1, 'full', 'fastify'),
    ...atLeast(0.7, 'full-redis', 'fastify'),
    ...atLeast(1.4, 'full', 'middleware'),
    ...atLeast(0.9, 'full', 'full-unobserved'),
    ...atMost(0.6, 'addedP50Ms', 'added latency of full, p50'),
    ...atMost(3, 'addedP99Ms', 'added latency of full, p99'),
  ];
}
