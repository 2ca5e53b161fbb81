import { mkdirSync, writeFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '@woodytoys/testing/ports';
import { allGone, npmStart } from './fixtures/npm-start.ts';
import type { StartOptions, Started } from './fixtures/npm-start.ts';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();

/** It must end by itself, with this code and one line that fits. */
async function refused(options: StartOptions, code: number, line: RegExp): Promise<void> {
  const started = start(options);
  const tree = started.tree();
  expect(await started.exited).toBe(code);
  expect(started.errors().trimEnd().split('\n')).toHaveLength(1);
  expect(started.errors()).toMatch(line);
  expect(started.output()).not.toContain('ready');
  await allGone(tree);
}

describe('the command line and the environment', () => {
  test('an unknown flag is named', async () => {
    await refused(
      { ...(await place()), args: ['--frehs'] },
      2,
      /Unknown option '--frehs'.*--fresh/,
    );
  });

  test('an argument too many is named', async () => {
    await refused({ ...(await place()), args: ['fresh'] }, 2, /fresh/);
  });

  test('every wrong variable is named at once', async () => {
    const environment = { PORT: '80a', SEED_SCALE: 'much' };
    const line = /PORT: .*"80a".*SEED_SCALE: .*"much"/;
    await refused({ ...(await place()), environment }, 2, line);
  });

  test('a flag that npm has kept for itself is explained', async () => {
    const environment = { npm_config_fresh: 'true' };
    await refused({ ...(await place()), environment }, 2, /npm start -- --fresh/);
  });

  test('--help explains and ends with code 0', async () => {
    const started = start({ ...(await place()), args: ['--help'] });
    expect(await started.exited).toBe(0);
    expect(started.output()).toContain('--fresh');
  });
});

describe('a taken port', () => {
  test.each(['PORT', 'PRIVATE_PORT'] as const)('%s is told with a way out', async (variable) => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
    try {
      const environment = { [variable]: `${port}` };
      const line = new RegExp(`Port ${port} is already in use.*${variable}=${port + 1} npm start`);
      await refused({ ...(await place()), environment }, 1, line);
    } finally {
      server.close();
    }
  });
});

describe('a folder that cannot be used', () => {
  test('below a file', async () => {
    const here = await place();
    const file = join(dirname(here.data), 'file');
    writeFileSync(file, '');
    await refused({ ...here, data: join(file, 'data') }, 1, /cannot be written \(ENOTDIR\)/);
  });

  test('where nobody may write', async () => {
    const here = { ...(await place()), data: '/proc/woodytoys' };
    await refused(here, 1, /\/proc\/woodytoys cannot be written \(E[A-Z]+\)/);
  });

  test('with the files of something else, which stay', async () => {
    const here = await place();
    mkdirSync(here.data);
    writeFileSync(join(here.data, 'precious.txt'), 'mine');
    await refused({ ...here, args: ['--fresh'] }, 1, /holds something else/);
    expect(readdirSync(here.data)).toEqual(['precious.txt']);
  });
});

describe('while another one runs on the same data', () => {
  let here: StartOptions;
  let other: Started;
  beforeAll(async () => {
    here = await place();
    other = npmStart(here);
    await other.ready();
  }, 150_000);
  afterAll(async () => {
    other.signalGroup('SIGINT');
    await other.exited;
  });

  const elsewhere = async () => ({ port: await freePort(), privatePort: await freePort() });

  test('a second start is refused, also with --fresh, and harms nothing', async () => {
    await refused({ ...here, ...(await elsewhere()) }, 1, /already in use by process \d+/);
    const fresh = { ...here, ...(await elsewhere()), args: ['--fresh'] };
    await refused(fresh, 1, /already in use by process \d+/);
    expect((await other.get('/api/1/1')).status).toBe(200);
  });

  test.each([['reset'], ['backup', 'backup.tar.gz']])('data:%s is refused', async (...args) => {
    const command = ['node', join('scripts', 'data.mjs')] as const;
    await refused({ ...here, command, args }, 1, /already in use by process \d+/);
    expect((await other.get('/api/1/1')).status).toBe(200);
  });
});
