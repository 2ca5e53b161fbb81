import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scenarioNames } from '../src/k6/catalogue.ts';
import { HELP, parseCommandLine } from '../src/k6/command-line.ts';
import { LoadError } from '../src/k6/failure.ts';

const parse = (line: string, environment = {}) =>
  parseCommandLine(line.split(' ').filter(Boolean), environment);

describe('the command line of npm run load', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'woodytoys-load-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('fills in what a scenario is run with unless told otherwise', async () => {
    expect(await parse('lab4')).toEqual({
      scenario: 'lab4',
      target: 'http://localhost:8080',
      options: { rps: '30', duration: '60s' },
      dashboard: false,
      keepLimit: false,
    });
  });

  it('takes options before and after the name, times in any unit', async () => {
    const line = `--rps 100 lab4 --duration 1m30s --target http://127.0.0.1:9000/ --keep-limit`;
    expect(await parse(line)).toMatchObject({
      target: 'http://127.0.0.1:9000',
      options: { rps: '100', duration: '90s' },
      keepLimit: true,
    });
    expect(await parse('soak --duration 2h')).toMatchObject({ options: { duration: '7200s' } });
    expect(await parse('soak --duration 45')).toMatchObject({ options: { duration: '45s' } });
  });

  it('reads the users of fdj from the environment, an option before it', async () => {
    const environment = { MAX_USERS: '40', STAGE_DURATION: '30', INITIAL_USERS: '', RPS: '9' };
    expect(await parse('fdj --max-users 10', environment)).toMatchObject({
      options: { 'initial-users': '5', 'max-users': '10', 'stage-duration': '30s' },
    });
    expect(await parse('lab4', environment)).toMatchObject({ options: { rps: '30' } });
    await expect(parse('fdj', { MAX_USERS: 'many' })).rejects.toThrow(/--max-users is a whole/);
  });

  it('searches lab 4’s highest rate, or that of another mix', async () => {
    expect(await parse('breakpoint')).toMatchObject({ scenario: 'breakpoint', mix: 'lab4' });
    expect(await parse('breakpoint --mix woodytoys --rps 3')).toMatchObject({
      mix: 'woodytoys',
      options: { rps: '3', duration: '20s', host: 'woodytoys.localhost' },
    });
  });

  it.each([
    ['', /Which scenario\? Known: smoke, lab4/],
    ['nope', /no scenario "nope"\. Known: smoke, lab4/],
    ['lab4 fdj', /"fdj" is one too many/],
    ['lab4 --rps 0', /--rps is a whole number from 1 .*"0" is none/],
    ['lab4 --rps ten', /--rps is a whole number/],
    ['lab4 --rps 1.5', /--rps is a whole number/],
    ['lab4 --rps -3', /./],
    ['lab4 --rps', /./],
    ['lab4 --rps 1e3', /--rps is a whole number/],
    ['lab4 --duration 5x', /--duration is a time from 1s to 24h/],
    ['lab4 --duration 0s', /--duration is a time/],
    ['lab4 --duration 25h', /--duration is a time/],
    ['lab4 --mix lab4', /--mix is for breakpoint/],
    ['breakpoint --mix soak', /--mix is one of lab4/],
    ['smoke --rps 3', /smoke has no option --rps; it takes none/],
    ['fdj --rps 3', /fdj has no option --rps; it takes --initial-users/],
    ['lab4 --nope', /'--nope'/],
    ['lab4 --target localhost', /--target is an origin/],
    ['lab4 --target ftp://localhost', /--target is an origin/],
    ['lab4 --target http://localhost/api', /--target is an origin/],
    ['lab4 --prometheus 9090', /--prometheus is an origin/],
    ['isolation --slow slow', /--slow is a path of the target/],
    ['woodytoys --host a/b', /--host is a host name/],
    ['lab4 --json /nowhere/at/all.json', /\/nowhere\/at\/all\.json cannot be written \(ENOENT\)/],
  ])('refuses "%s" by one line', async (line, message) => {
    const error = await parse(line).catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(LoadError);
    expect((error as LoadError).exitCode).toBe(2);
    expect((error as LoadError).message).toMatch(message);
    expect((error as LoadError).message).not.toContain('\n');
  });

  it('refuses a folder as the file for the result', async () => {
    await expect(parse(`lab4 --json ${folder}`)).rejects.toThrow(/names a file; .* is a folder/);
    expect(await parse(`lab4 --json ${join(folder, 'r.json')}`)).toMatchObject({
      json: join(folder, 'r.json'),
    });
  });

  it('lists every scenario and the search in its help', async () => {
    expect(await parse('--help')).toBeUndefined();
    for (const name of [...scenarioNames, 'breakpoint']) expect(HELP).toContain(`  ${name} `);
  });
});
