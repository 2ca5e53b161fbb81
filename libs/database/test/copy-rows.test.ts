import { createTestLogger } from '@woodytoys/testing';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SeedClient, copyRows, prepareDatabase } from '../src/index.ts';
import { type Sandbox, createSandbox } from './helpers.ts';

let sandbox: Sandbox;
let migrationsDirectory: string;
beforeAll(async () => {
  sandbox = await createSandbox();
  migrationsDirectory = await mkdtemp(join(tmpdir(), 'no-migrations-'));
});
afterAll(async () => {
  await sandbox.close();
  await rm(migrationsDirectory, { recursive: true });
});

/** Runs `work` with a client as a seed has it, in a database where nothing was seeded. */
async function withSeedClient(work: (client: SeedClient) => Promise<void>): Promise<void> {
  await sandbox.database.query('DROP TABLE IF EXISTS seed_loaded');
  await prepareDatabase({
    directUrl: sandbox.url,
    migrationsDirectory,
    log: createTestLogger(),
    seed: { scale: 1, load: work },
  });
}

it('keeps every text, number, boolean, date, object and null', async () => {
  const text = fc.option(fc.string({ unit: 'binary' }).map((value) => value.replaceAll('\0', '')));
  const row = fc.tuple(text, fc.option(fc.double({ noNaN: true })), fc.boolean());
  await withSeedClient(async (client) => {
    await client.query('CREATE TEMP TABLE copied (n serial, a text, b float8, c boolean)');
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
        await client.query('TRUNCATE copied');
        expect(await copyRows(client, 'copied (a, b, c)', rows)).toBe(rows.length);
        const copied = await client.query<{ a: string; b: number | null; c: boolean }>(
          'SELECT a, b, c FROM copied ORDER BY n',
        );
        // PostgreSQL keeps -0 and JavaScript tells it from 0; adding 0 makes them one.
        const plain = (a: string | null, b: number | null, c: boolean) => [a, b && b + 0, c];
        expect(copied.map(({ a, b, c }) => plain(a, b, c))).toEqual(
          rows.map(([a, b, c]) => plain(a, b, c)),
        );
      }),
      { numRuns: 50 },
    );
  });
});

it('writes dates and objects as PostgreSQL reads them', async () => {
  await withSeedClient(async (client) => {
    await client.query('CREATE TEMP TABLE copied (at timestamptz, doc jsonb) ON COMMIT DROP');
    const at = new Date('2026-03-04T05:06:07.089Z');
    await copyRows(client, 'copied (at, doc)', [[at, { path: 'a\\b', lines: ['x\ny'] }]]);
    expect(await client.query('SELECT * FROM copied')).toEqual([
      { at, doc: { path: 'a\\b', lines: ['x\ny'] } },
    ]);
  });
});

it('loads many rows without holding them', async () => {
  let furthest = 0;
  function* rows() {
    for (let id = 0; id < 200_000; id += 1) {
      furthest = id;
      yield [id, 'x'.repeat(100)];
    }
  }
  await withSeedClient(async (client) => {
    await client.query('CREATE TEMP TABLE copied (id integer, filler text) ON COMMIT DROP');
    expect(await copyRows(client, 'copied (id, filler)', rows())).toBe(200_000);
    expect(await client.query('SELECT count(*) AS n FROM copied')).toEqual([{ n: 200_000 }]);
  });
  expect(furthest).toBe(199_999);
});

it('fails with what the server says, and with what the rows throw', async () => {
  const bad = withSeedClient(async (client) => {
    await copyRows(client, 't (id, value)', [
      [1, 1],
      [1, 'one'],
    ]);
  });
  await expect(bad).rejects.toMatchObject({ code: '22P02' });
  function* throwing() {
    yield [1, 1];
    throw new Error('no more rows');
  }
  const stopped = withSeedClient(async (client) => {
    await copyRows(client, 't (id, value)', throwing());
  });
  await expect(stopped).rejects.toThrow('no more rows');
  expect(await sandbox.database.query('SELECT * FROM t')).toEqual([]);
});
