import { setTimeout as sleep } from 'node:timers/promises';
import { createTestLogger, waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createCleaner } from '../src/index.ts';
import { type Sandbox, createSandbox } from './helpers.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.database.query('TRUNCATE t'));

const insert = () =>
  sandbox.database.query('INSERT INTO t SELECT n, n FROM generate_series(1, 7) n');
const left = async () => (await sandbox.database.query('SELECT FROM t')).length;
const removeSome = async () => {
  const gone = await sandbox.database.query(
    'DELETE FROM t WHERE id IN (SELECT id FROM t LIMIT 2) RETURNING id',
  );
  return gone.length;
};

it('removes batch after batch, at once and again after the interval, until it is stopped', async () => {
  await insert();
  const log = createTestLogger();
  const cleaner = createCleaner({ what: 't', removeSome, intervalMs: 50, log });
  await waitFor(async () => (await left()) === 0);
  await insert();
  await waitFor(async () => (await left()) === 0);
  await cleaner.stop();
  expect(log.lines.reduce((sum, { count }) => sum + Number(count), 0)).toBe(14);

  await insert();
  await sleep(200);
  expect(await left()).toBe(7);
});

it('tries again at the next round when a batch has failed', async () => {
  await insert();
  let failures = 2;
  const log = createTestLogger();
  const cleaner = createCleaner({
    what: 't',
    removeSome: async () => {
      if (failures > 0) {
        failures -= 1;
        await sandbox.database.query('SELECT 1 / 0');
      }
      return removeSome();
    },
    intervalMs: 50,
    log,
  });
  await waitFor(async () => (await left()) === 0);
  await cleaner.stop();
  const warnings = log.lines.filter(({ msg }) => msg.includes('could not be removed'));
  expect(warnings).toMatchObject([{ what: 't' }, { what: 't' }]);
});

it('stops between two batches', async () => {
  let batches = 0;
  const gate = Promise.withResolvers<void>();
  const cleaner = createCleaner({
    what: 'endless',
    removeSome: async () => {
      batches += 1;
      await gate.promise;
      return 1;
    },
    log: createTestLogger(),
  });
  const stopped = cleaner.stop();
  gate.resolve();
  await stopped;
  expect(batches).toBe(1);
});
