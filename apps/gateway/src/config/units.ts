const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { B: 1, kB: 1000, MB: 1_000_000 } as const;

export const DURATION_PATTERN = '^(0|[1-9][0-9]*)(ms|s|m|h)$';
export const SIZE_PATTERN = '^(0|[1-9][0-9]*)(B|kB|MB)$';

/** `800ms`, `30s`, `1m` or `2h` in milliseconds; the schema has checked the form. */
export function durationMs(text: string): number {
  const unit = text.endsWith('ms') ? 'ms' : (text.slice(-1) as 's' | 'm' | 'h');
  return Number(text.slice(0, -unit.length)) * MILLISECONDS[unit];
}

/** A timer's longest time; a longer one would be over at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * The same for a time that is waited.
 * @throws TypeError for one that no timer has, and for none at all.
 */
export function timerMs(text: string): number {
  const milliseconds = durationMs(text);
  if (milliseconds >= 1 && milliseconds <= LONGEST_TIMER_MS) return milliseconds;
  throw new TypeError(`nothing can be waited for ${text}; give a time from 1ms to 596h`);
}

/** `512B`, `100kB` or `5MB` in bytes, a kilobyte being 1000; the schema has checked the form. */
export function sizeBytes(text: string): number {
  const unit = text.endsWith('MB') ? 'MB' : text.endsWith('kB') ? 'kB' : 'B';
  return Number(text.slice(0, -unit.length)) * BYTES[unit];
}
