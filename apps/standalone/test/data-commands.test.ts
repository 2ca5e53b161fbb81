import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { StartOptions, Started } from './fixtures/npm-start.ts';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();

let here: StartOptions;
let file: string;
beforeAll(async () => {
  here = await place();
  file = join(dirname(here.data), 'backup.tar.gz');
});

async function data(...args: readonly string[]): Promise<Started & { readonly code: unknown }> {
  const started = start({ ...here, command: ['node', join('scripts', 'data.mjs')], args });
  return { ...started, code: await started.exited };
}

/** Runs the platform, works with it, and ends it in order. */
async function running(work: (platform: Started) => Promise<void>): Promise<void> {
  const platform = start(here);
  await platform.ready();
  await work(platform);
  platform.signalGroup('SIGINT');
  expect(await platform.exited).toBe(0);
}

const user = (name: string) => ({ username: name, email: `${name}@example.com` });

describe('backup and restore', () => {
  let before = '';
  let after = '';

  test('without data there is nothing to back up', async () => {
    const { code, errors } = await data('backup', file);
    expect(code).toBe(1);
    expect(errors()).toMatch(/nothing to back up/);
    expect(existsSync(file)).toBe(false);
  });

  test('a backup brings back what was there, and not what came later', async () => {
    await running(async (platform) => {
      const response = await platform.post('/api/users', user('before'));
      before = response.headers.get('location') ?? '';
    });
    const backup = await data('backup', file);
    expect(backup.errors()).toBe('');
    expect(backup.code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);

    await running(async (platform) => {
      const response = await platform.post('/api/users', user('after'));
      after = response.headers.get('location') ?? '';
    });
    const restored = await data('restore', file);
    expect(restored.errors()).toBe('');
    expect(restored.code).toBe(0);
    await running(async (platform) => {
      expect(await platform.get(before).then((answer) => answer.json())).toMatchObject(
        user('before'),
      );
      expect((await platform.get(after)).status).toBe(404);
      expect((await platform.get('/api/1/1')).status).toBe(200);
    });
    expect(readdirSync(here.data).filter((name) => name.startsWith('postgres'))).toEqual([
      'postgres',
    ]);
  });

  test('a backup is never written over', async () => {
    const { code, errors } = await data('backup', file);
    expect(code).toBe(1);
    expect(errors()).toMatch(/exists already/);
  });

  test('a broken backup, and a file that is none, are refused and the data stay', async () => {
    const broken = join(dirname(file), 'broken.tar.gz');
    writeFileSync(broken, 'no archive');
    const none = await data('restore', broken);
    expect(none.code).toBe(1);
    expect(none.errors()).toMatch(/cannot be read as a backup.*Nothing has been changed/);

    truncateSync(file, Math.floor(statSync(file).size / 2));
    const half = await data('restore', file);
    expect(half.code).toBe(1);
    expect(half.errors()).toMatch(/cannot be read as a backup.*Nothing has been changed/);

    await running(async (platform) => {
      expect((await platform.get(before)).status).toBe(200);
    });
  });

  test('a reset empties the folder, and the next start seeds it anew', async () => {
    expect((await data('reset')).code).toBe(0);
    expect(existsSync(join(here.data, 'postgres'))).toBe(false);
    await running(async (platform) => {
      expect((await platform.get(before)).status).toBe(404);
      expect((await platform.get('/api/1/1')).status).toBe(200);
    });
  });
});

test('a command that is not known is explained with code 2', async () => {
  const { code, errors } = await data('backpu');
  expect(code).toBe(2);
  expect(errors()).toContain('data:restore');
});
