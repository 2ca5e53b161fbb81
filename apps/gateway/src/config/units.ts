const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { B: 1, kB: 1000, MB: 1_000_000 } as const;

export const DURATION_PATTERN = '^(0|[1-9][0-9]*)(ms|s|m|h)$';
export const SIZE_PATTERN = '^(0|[1-9][0-9]*)(B|kB|MB)$';

/** `800ms`, `30s`, `1m` or `2h` in milliseconds; the schema has checked the form. */
export function durationMs(text: string): number {
  const unit = text.endsWith('ms') ? 'ms' : (text.slice(-1) as 's' | 'm' | 'h');
  return Number(text.slice(0, -unit.length)) * MILLISECONDS[unit];
}

/** `512B`, `100kB` or `5MB` in bytes, a kilobyte being 1000; the schema has checked the form. */
export function sizeBytes(text: string): number {
  const unit = text.endsWith('MB') ? 'MB' : text.endsWith('kB') ? 'kB' : 'B';
  return Number(text.slice(0, -unit.length)) * BYTES[unit];
}
