import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { workspace } from './fixtures/npm-start.ts';

interface Run {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly last: string | undefined;
}

/** `npm test` over one of the suites in `fixtures/suites`. */
function npmTest(suite: string, CI = ''): Run {
  const config = 'apps/standalone/test/fixtures/suites/vitest.config.ts';
  const { status, stdout } = spawnSync('node', ['scripts/test.mjs', '--config', config, suite], {
    cwd: workspace,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], WOODYTOYS_INSTALL: 'never', CI },
  });
  const lines = stdout.trimEnd().split('\n');
  return { code: status, lines, last: lines.at(-1) };
}

test('passing tests are counted, with code 0', () => {
  expect(npmTest('passing')).toMatchObject({ code: 0, last: '2 passed, 0 failed, 0 skipped' });
});

test('a failing test gives code 1', () => {
  expect(npmTest('failing')).toMatchObject({ code: 1, last: '1 passed, 1 failed, 0 skipped' });
});

test('each skip is told with its reason', () => {
  const { code, lines, last } = npmTest('skipping');
  expect(last).toBe('1 passed, 0 failed, 3 skipped');
  expect(code).toBe(0);
  const skips = lines.filter((line) => line.startsWith('skipped'));
  expect(skips).toHaveLength(3);
  expect(skips[0]).toMatch(/is skipped while it runs: no such device$/);
  expect(skips[1]).toMatch(/is not written: still to be written$/);
  expect(skips[2]).toMatch(/needs a server: no server: none was started; install one \(or two\)$/);
});

test('with CI=true a skip is a failure', () => {
  expect(npmTest('skipping', 'true')).toMatchObject({
    code: 1,
    last: '1 passed, 3 failed, 3 skipped',
  });
});

test('a file that does not load is a failure', () => {
  const { code, lines, last } = npmTest('broken');
  expect({ code, last }).toEqual({ code: 1, last: '0 passed, 1 failed, 0 skipped' });
  expect(lines.at(-2)).toMatch(/^error .*broken\.suite\.ts.*this file cannot be loaded/);
});

test('a failed hook is a failure, and its tests do not count as passed', () => {
  const { code, last } = npmTest('hook');
  expect(code).toBe(1);
  expect(last).toMatch(/^0 passed, 1 failed, /);
});

test('no test at all is a failure', () => {
  const { code, lines, last } = npmTest('nonesuch');
  expect({ code, last }).toEqual({ code: 1, last: '0 passed, 1 failed, 0 skipped' });
  expect(lines.at(-2)).toMatch(/no test has run/);
});
