import { existsSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockfile, miniWorkspace } from './fixtures/mini-workspace.ts';
import type { MiniWorkspace } from './fixtures/mini-workspace.ts';

const echo = 'console.log(`started ${process.argv.slice(2).join(" ")}`);';
const installing = 'Installing the dependencies';

let mini: MiniWorkspace;
beforeEach(() => {
  mini = miniWorkspace(echo);
});
afterEach(() => mini.remove());

describe('the dependencies', () => {
  test('are installed once, and again when the lockfile has changed or they are gone', async () => {
    const first = await mini.start();
    expect(first).toMatchObject({ code: 0, errors: '' });
    expect(first.output).toContain(installing);
    expect(first.output).toMatch(/^started $/m);

    const second = await mini.start();
    expect(second).toEqual({ code: 0, output: 'started \n', errors: '' });

    // npm run by hand leaves no stamp of ours; what it installed is compared instead.
    rmSync(join(mini.root, 'node_modules', '.woodytoys-install'));
    expect((await mini.start()).output).toBe('started \n');

    mini.write('vendor/node/package.json', '{ "name": "node", "version": "24.1.0" }');
    mini.write('package-lock.json', lockfile(['changed']).replace('24.0.0', '24.1.0'));
    expect((await mini.start()).output).toContain(installing);
    rmSync(join(mini.root, 'node_modules'), { recursive: true });
    expect((await mini.start()).output).toContain(installing);
  });

  test('are installed by one of two that start at once', async () => {
    const runs = await Promise.all([mini.start(), mini.start()]);
    for (const { code, output } of runs) {
      expect(code).toBe(0);
      expect(output).toMatch(/^started $/m);
    }
    const installers = runs.filter(({ output }) => output.includes(installing));
    expect(installers).toHaveLength(1);
    expect(existsSync(join(mini.root, '.install.lock'))).toBe(false);
  });

  test('are installed although an install was killed before', async () => {
    mini.write('.install.lock', 'killed');
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(join(mini.root, '.install.lock'), longAgo, longAgo);
    expect(await mini.start()).toMatchObject({ code: 0, errors: '' });
    expect(existsSync(join(mini.root, '.install.lock'))).toBe(false);
  });

  test('that cannot be installed are told with the words of npm', async () => {
    mini.write('package.json', '{ "name": "mini", "dependencies": { "other": "file:other" } }');
    const { code, errors } = await mini.start();
    expect(code).toBe(1);
    expect(errors).toMatch(/in sync/);
    expect(errors).toMatch(/could not be installed \(npm ci: exit code 1\)/);
  });
});

describe('the platform', () => {
  test('gets the arguments, and its exit code is that of the start', async () => {
    mini.write('apps/standalone/src/main.ts', `${echo} process.exitCode = 2;`);
    const { code, output } = await mini.start(['--fresh', 'x y']);
    expect(code).toBe(2);
    expect(output).toMatch(/^started --fresh x y$/m);
  });

  test('that crashes gives one line and code 1', async () => {
    mini.write('apps/standalone/src/main.ts', 'process.kill(process.pid, "SIGSEGV");');
    const { code, errors } = await mini.start();
    expect(code).toBe(1);
    expect(errors).toMatch(/^The platform's process was ended unexpectedly \(by SIGSEGV\).*\n$/);
  });
});

test('a Node that is too old is told in one line', async () => {
  const old = "Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } });";
  mini.write('old.cjs', old);
  const { code, errors, output } = await mini.start([], ['--require', './old.cjs']);
  expect({ code, output }).toEqual({ code: 1, output: '' });
  expect(errors).toMatch(/^This needs Node 20 or newer.*\n$/);
});
