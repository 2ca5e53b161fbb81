/** Numbers and times as the reader's locale writes them, each with its unit. */
export interface Format {
  /** Seconds, as `0.75 ms`, `3.2 ms`, `12 ms` or `1.4 s`. */
  duration(seconds: number | null): string;
  /** A second, as `34.2/s`. */
  rate(perSecond: number | null): string;
  /** 0 to 1, as `1.2%`. */
  percent(ratio: number | null): string;
  count(value: number): string;
  /** Two decimals, as `0.34`. */
  cores(value: number | null): string;
  /** Bytes, as `86`. */
  mebibytes(value: number | null): string;
  /** Milliseconds since 1970, as `14:03:22`. */
  clock(time: number): string;
  /** Milliseconds since 1970, as `14:03`. */
  minute(time: number): string;
  /** Milliseconds that have passed, as `12 s` or `3 min`. */
  elapsed(ms: number): string;
}

/** Shown where nothing is known. */
export const UNKNOWN = '–';

/**
 * @param options.locale the reader's own unless given
 * @param options.pad writes `5.0 ms` where 4.9 ms came before, so that what moves does not jump; not
 *   for labels that stand still
 */
export function createFormat(
  options: { readonly locale?: string; readonly pad?: boolean } = {},
): Format {
  const { locale, pad = true } = options;
  const digits = (fraction: number) =>
    new Intl.NumberFormat(locale, {
      minimumFractionDigits: pad ? fraction : 0,
      maximumFractionDigits: fraction,
    });
  const [whole, one, two] = [digits(0), digits(1), digits(2)];
  const percentOf = (most: number) =>
    new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: most });
  const [percentWhole, percentFine] = [percentOf(0), percentOf(2)];
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
  const minute = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });

  /** Two figures or more. */
  function figures(value: number): string {
    if (value === 0) return whole.format(0);
    if (value < 0.995) return two.format(value);
    return value < 9.95 ? one.format(value) : whole.format(value);
  }

  return {
    duration(seconds) {
      if (seconds === null) return UNKNOWN;
      return seconds < 0.9995 ? `${figures(seconds * 1000)} ms` : `${figures(seconds)} s`;
    },
    rate(perSecond) {
      if (perSecond === null) return UNKNOWN;
      const fine = perSecond > 9.95 && perSecond < 99.95;
      return `${fine ? one.format(perSecond) : figures(perSecond)}/s`;
    },
    percent(ratio) {
      if (ratio === null) return UNKNOWN;
      return (ratio < 0.1 ? percentFine : percentWhole).format(ratio);
    },
    count: (value) => whole.format(value),
    cores: (value) => (value === null ? UNKNOWN : two.format(value)),
    mebibytes: (value) => (value === null ? UNKNOWN : whole.format(value / 1024 ** 2)),
    clock: (time) => clock.format(time),
    minute: (time) => minute.format(time),
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
