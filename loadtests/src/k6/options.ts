/** The options of scenarios: what each may be, checked before k6 starts. */
import { LoadError } from './failure.ts';

interface Kind {
  readonly help: string;
  /** The value as a script reads it; undefined when it makes no sense. */
  readonly read: (value: string) => string | undefined;
  readonly expected: string;
}

const MOST_PER_SECOND = 100_000;
const LONGEST_SECONDS = 24 * 3600;

const count = (most: number): Pick<Kind, 'read' | 'expected'> => ({
  read: (value) =>
    /^[1-9]\d*$/.test(value) && Number(value) <= most ? String(Number(value)) : undefined,
  expected: `a whole number from 1 to ${most}`,
});
const time: Pick<Kind, 'read' | 'expected'> = {
  read: (value) => {
    const seconds = secondsOf(value);
    return seconds !== undefined && seconds >= 1 && seconds <= LONGEST_SECONDS
      ? `${seconds}s`
      : undefined;
  },
  expected: 'a time from 1s to 24h, such as 60s or 10m',
};
const place: Pick<Kind, 'read' | 'expected'> = {
  read: (value) => (/^(\/|https?:\/\/)\S*$/.test(value) ? value : undefined),
  expected: 'a path of the target or a whole URL',
};

const kinds = {
  rps: { help: 'iterations a second of each kind', ...count(MOST_PER_SECOND) },
  vus: { help: 'clients that ask without a pause', ...count(10_000) },
  duration: { help: 'how long', ...time },
  'initial-users': { help: 'users of the first stage', ...count(10_000) },
  'additional-users': { help: 'users that come with each stage', ...count(10_000) },
  'additional-users-per-sec': { help: 'how fast they come', ...count(10_000) },
  'stage-duration': { help: 'how long a stage stays', ...time },
  'max-users': { help: 'users of the last stage', ...count(10_000) },
  slow: { help: 'the slow endpoint', ...place },
  fast: { help: 'the fast endpoint', ...place },
  host: {
    help: 'the host name that the facade answers to',
    read: (value) => (/^[A-Za-z0-9.-]+(:\d+)?$/.test(value) ? value : undefined),
    expected: 'a host name',
  },
} as const satisfies Record<string, Kind>;

export type OptionName = keyof typeof kinds;

/** `max-users` as scripts and the environment have it: `MAX_USERS`. */
export function variableOf(option: string): string {
  return option.toUpperCase().replaceAll('-', '_');
}

export function helpOf(option: OptionName): string {
  return kinds[option].help;
}

/**
 * @returns the value as a script reads it.
 * @throws LoadError that says what was expected.
 */
export function readOption(option: OptionName, value: string | number): string {
  const { read, expected }: Kind = kinds[option];
  const checked = read(typeof value === 'number' && isTime(option) ? `${value}s` : String(value));
  if (checked !== undefined) return checked;
  throw new LoadError(`--${option} is ${expected}; "${value}" is none.`, { exitCode: 2 });
}

/** Labs give times as numbers of seconds. */
function isTime(option: OptionName): boolean {
  return option === 'duration' || option === 'stage-duration';
}

const UNITS = { ms: 0.001, s: 1, m: 60, h: 3600 } as const;

/** Seconds of `1m30s`, `60s` or `60`; undefined when it is no time. */
export function secondsOf(value: string): number | undefined {
  if (/^\d+$/.test(value)) return Number(value);
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) {
    seconds += Number(amount) * UNITS[unit as keyof typeof UNITS];
  }
  return seconds;
}
