/** Numbers and times as the reader's locale writes them, each with its unit. */
export interface Format {
  /** Seconds, as `0.75 ms`, `12 ms` or `1.4 s`. */
  duration(seconds: number | null): string;
  /** A second, as `34.2/s`. */
  rate(perSecond: number | null): string;
  /** 0 to 1, as `1.2%`. */
  percent(ratio: number | null): string;
  count(value: number): string;
  cores(value: number | null): string;
  bytes(value: number | null): string;
  /** Milliseconds since 1970, as `14:03:22`. */
  clock(time: number): string;
  /** Milliseconds that have passed, as `12 s` or `3 min`. */
  elapsed(ms: number): string;
}

/** Shown where nothing is known. */
export const UNKNOWN = '–';

/** @param locale undefined for the reader's own */
export function createFormat(locale?: string): Format {
  const digits = (most: number) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: most, useGrouping: true });
  const [whole, one, two] = [digits(0), digits(1), digits(2)];
  const percentOf = (most: number) =>
    new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: most });
  const [percentWhole, percentFine] = [percentOf(0), percentOf(2)];
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });

  /** About three figures, however large. */
  function figures(value: number): string {
    if (Math.abs(value) < 9.995) return two.format(value);
    return Math.abs(value) < 99.95 ? one.format(value) : whole.format(value);
  }

  return {
    duration(seconds) {
      if (seconds === null) return UNKNOWN;
      return seconds < 0.9995 ? `${figures(seconds * 1000)} ms` : `${figures(seconds)} s`;
    },
    rate: (perSecond) => (perSecond === null ? UNKNOWN : `${figures(perSecond)}/s`),
    percent(ratio) {
      if (ratio === null) return UNKNOWN;
      return (ratio < 0.1 ? percentFine : percentWhole).format(ratio);
    },
    count: (value) => whole.format(value),
    cores(value) {
      if (value === null) return UNKNOWN;
      return `${two.format(value)} ${value === 1 ? 'core' : 'cores'}`;
    },
    bytes: (value) => (value === null ? UNKNOWN : `${whole.format(value / 1024 ** 2)} MiB`),
    clock: (time) => clock.format(time),
    elapsed(ms) {
      const seconds = Math.max(0, Math.round(ms / 1000));
      if (seconds < 120) return `${whole.format(seconds)} s`;
      const minutes = Math.round(seconds / 60);
      return minutes < 120
        ? `${whole.format(minutes)} min`
        : `${whole.format(Math.round(minutes / 60))} h`;
    },
  };
}
