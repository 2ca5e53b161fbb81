import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import {
  ConfigurationError,
  choice,
  configMarkdown,
  decimal,
  describeConfig,
  durationMs,
  flag,
  integer,
  parseDurationMs,
  port,
  readConfig,
  secret,
  secretUrl,
  text,
  url,
} from '../src/index.ts';
import type { ConfigShape, ConfigurationMistake, Environment } from '../src/index.ts';

const shape = {
  PORT: port(3000).describe('Where it listens.'),
  DRAIN_DELAY_MS: durationMs(3000),
  LIMIT: integer({ min: 1, max: 10, default: 5 }),
  RATIO: decimal({ min: 0, max: 1, default: 0.5 }),
  LEVEL: choice(['info', 'debug'], 'info'),
  NAME: text('woody'),
  VERBOSE: flag(false),
  HOME_PAGE: url('http://localhost', ['http', 'https']),
  DATABASE_URL: secretUrl(['postgres']).describe('The database | through the pooler.'),
  API_KEY: secret().optional(),
};
const needed = { DATABASE_URL: 'postgres://u:p@db/x' };

function mistakesOf(
  environment: Environment,
  of: ConfigShape = shape,
): readonly ConfigurationMistake[] {
  try {
    readConfig(of, environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
}

describe('a configuration', () => {
  it('has its defaults, and leaves variables that it does not know alone', () => {
    const config = readConfig(shape, { ...needed, UNKNOWN: 'x', PATH: '/bin' });
    expect(config).toEqual({
      PORT: 3000,
      DRAIN_DELAY_MS: 3000,
      LIMIT: 5,
      RATIO: 0.5,
      LEVEL: 'info',
      NAME: 'woody',
      VERBOSE: false,
      HOME_PAGE: 'http://localhost',
      DATABASE_URL: 'postgres://u:p@db/x',
    });
    expectTypeOf(config.PORT).toEqualTypeOf<number>();
    expectTypeOf(config.LEVEL).toEqualTypeOf<'info' | 'debug'>();
    expectTypeOf(config.API_KEY).toEqualTypeOf<string | undefined>();
  });

  it('reads every kind of variable', () => {
    const config = readConfig(shape, {
      PORT: '0',
      DRAIN_DELAY_MS: '2m',
      LIMIT: '10',
      RATIO: '0.25',
      LEVEL: 'debug',
      NAME: 'x',
      VERBOSE: 'true',
      HOME_PAGE: 'https://example.com/x',
      DATABASE_URL: 'postgres://h/x',
      API_KEY: 'k',
    });
    expect(config).toMatchObject({
      PORT: 0,
      DRAIN_DELAY_MS: 120_000,
      LIMIT: 10,
      RATIO: 0.25,
      LEVEL: 'debug',
      VERBOSE: true,
      API_KEY: 'k',
    });
  });

  it('takes an empty variable as one that is not set', () => {
    expect(readConfig(shape, { ...needed, PORT: '', API_KEY: '' })).toMatchObject({ PORT: 3000 });
    expect(mistakesOf({ DATABASE_URL: '' })).toHaveLength(1);
  });

  it('reports every mistake at once, by name, with what was expected and what was given', () => {
    const mistakes = mistakesOf({
      PORT: '70000',
      DRAIN_DELAY_MS: '3 s',
      LIMIT: '1e3',
      RATIO: '2',
      LEVEL: 'loud',
      VERBOSE: 'yes',
      HOME_PAGE: 'ftp://x',
    });
    expect(mistakes.map(({ variable, message }) => `${variable}: ${message}`)).toEqual([
      'PORT: expected a port from 0 to 65535, but it is "70000"',
      'DRAIN_DELAY_MS: expected a duration such as 500ms, 3s, 2m or 1h, but it is "3 s"',
      'LIMIT: expected a whole number from 1 to 10, but it is "1e3"',
      'RATIO: expected a number from 0 to 1, but it is "2"',
      'LEVEL: expected one of info, debug, but it is "loud"',
      'VERBOSE: expected true or false, but it is "yes"',
      'HOME_PAGE: expected a URL that begins with http:// or https://, but it is "ftp://x"',
      'DATABASE_URL: expected a URL that begins with postgres://, but it is not set (nor is DATABASE_URL_FILE)',
    ]);
  });

  it('never shows the value of a secret', () => {
    const environment = { DATABASE_URL: 'mysql://root:hunter2@db/x' };
    expect(() => readConfig(shape, environment)).toThrow(/DATABASE_URL/);
    expect(() => readConfig(shape, environment)).not.toThrow(/hunter2/);
  });

  it.each(['01', '+1', '1.0', '1e2', ' 1', '0x10', '-1', '65536', '99999999999999999999'])(
    'takes no %j for a port',
    (PORT) => {
      expect(mistakesOf({ ...needed, PORT }).map(({ variable }) => variable)).toEqual(['PORT']);
    },
  );
});

describe('a secret in a file', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'config-'));
    writeFileSync(join(directory, 'url'), 'postgres://u:p@db/file\n');
    writeFileSync(join(directory, 'bad'), 'hunter2\n');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is read without the newline at its end', () => {
    const config = readConfig(shape, { DATABASE_URL_FILE: join(directory, 'url') });
    expect(config.DATABASE_URL).toBe('postgres://u:p@db/file');
  });

  it('is a mistake beside the variable itself', () => {
    const both = { ...needed, DATABASE_URL_FILE: join(directory, 'url') };
    expect(mistakesOf(both)).toEqual([
      { variable: 'DATABASE_URL', message: 'is set, and DATABASE_URL_FILE too; set one of them' },
    ]);
  });

  it('is a mistake that names the file when it cannot be read', () => {
    const [mistake] = mistakesOf({ DATABASE_URL_FILE: join(directory, 'none') });
    expect(mistake?.message).toContain(join(directory, 'none'));
    expect(mistake?.message).toContain('ENOENT');
  });

  it('is not shown when it does not fit', () => {
    const [mistake] = mistakesOf({ DATABASE_URL_FILE: join(directory, 'bad') });
    expect(mistake?.message).toContain('not shown');
    expect(mistake?.message).not.toContain('hunter2');
  });

  it('works for secrets only', () => {
    expect(readConfig(shape, { ...needed, NAME_FILE: join(directory, 'url') }).NAME).toBe('woody');
  });
});

describe('a duration', () => {
  it('is a whole number with a unit, or of milliseconds', () => {
    const units = { '': 1, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
        (count, unit) => {
          expect(parseDurationMs(`${count}${unit}`)).toBe(count * units[unit]);
        },
      ),
    );
  });

  it('is nothing else', () => {
    const others = fc.string().filter((one) => !/^\d+(ms|s|m|h)?$/.test(one));
    fc.assert(fc.property(others, (one) => parseDurationMs(one) === undefined));
    for (const one of ['', '1.5s', '-1', '1S', '1d', '1s ', '1e3']) {
      expect(parseDurationMs(one)).toBeUndefined();
    }
  });

  it('is no longer than a timer can wait', () => {
    expect(parseDurationMs('2147483647')).toBe(2_147_483_647);
    expect(parseDurationMs('2147483648')).toBeUndefined();
    expect(parseDurationMs('600h')).toBeUndefined();
  });
});

describe('the reference of a configuration', () => {
  it('has a row for each variable', () => {
    const rows = describeConfig(shape);
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(shape));
    expect(rows[0]).toEqual({
      name: 'PORT',
      type: 'a port from 0 to 65535',
      default: '3000',
      required: false,
      secret: false,
      description: 'Where it listens.',
    });
    expect(rows.find(({ name }) => name === 'DATABASE_URL')).toMatchObject({
      default: undefined,
      required: true,
      secret: true,
    });
    expect(rows.find(({ name }) => name === 'API_KEY')).toMatchObject({
      required: false,
      secret: true,
    });
  });

  it('is a Markdown table', () => {
    const lines = configMarkdown(shape).trimEnd().split('\n');
    expect(lines).toHaveLength(2 + Object.keys(shape).length);
    expect(lines).toContain(
      '| `DATABASE_URL` or `DATABASE_URL_FILE` | a URL that begins with postgres:// | required | The database \\| through the pooler. |',
    );
    expect(lines).toContain('| `PORT` | a port from 0 to 65535 | `3000` | Where it listens. |');
  });
});
