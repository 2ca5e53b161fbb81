import { createTestLogger, waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { applyOnce, createInboxCleaner } from '../src/index.ts';
import { type Sandbox, createSandbox } from './helpers.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.database.query('TRUNCATE inbox, t; INSERT INTO t VALUES (1, 0)'));

/** A consumer: grows a value by one for a message. */
const apply = (messageId: string, consumer = 'copy', fail = false) =>
  sandbox.database.transaction(async (transaction) => {
    if (!(await applyOnce(transaction, consumer, messageId))) return false;
    await transaction.query('UPDATE t SET value = value + 1 WHERE id = 1');
    if (fail) throw new Error('the consumer failed');
    return true;
  });
const value = async () => (await sandbox.database.query('SELECT value FROM t'))[0];

it('applies a message once, however often and at the same time it comes', async () => {
  const applied = await Promise.all(Array.from({ length: 20 }, () => apply('m-1')));
  expect(applied.filter(Boolean)).toHaveLength(1);
  expect(await value()).toEqual({ value: 1 });
});

it('applies a message for each consumer', async () => {
  await apply('m-1', 'copy');
  await apply('m-1', 'cache');
  expect(await value()).toEqual({ value: 2 });
});

it('applies a message again whose first effect was rolled back', async () => {
  await expect(apply('m-1', 'copy', true)).rejects.toThrow('the consumer failed');
  expect(await apply('m-1')).toBe(true);
  expect(await value()).toEqual({ value: 1 });
});

it('forgets old messages only, among many replicas, at once', async () => {
  await sandbox.database.query(
    `INSERT INTO inbox SELECT 'copy', n::text, now() - interval '8 days' FROM generate_series(1, 12000) n`,
  );
  await apply('young');
  const log = createTestLogger();
  const cleaners = [1, 2, 3].map(() => createInboxCleaner({ database: sandbox.database, log }));
  await waitFor(async () => (await sandbox.database.query('SELECT FROM inbox')).length === 1);
  await Promise.all(cleaners.map((cleaner) => cleaner.stop()));
  expect(await sandbox.database.query('SELECT message_id FROM inbox')).toEqual([
    { message_id: 'young' },
  ]);
  const counts = log.lines.map(({ what, count }) => (what === 'inbox' ? Number(count) : NaN));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(12_000);
});
