import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestDatabase, createTestDatabase, createTestLogger } from '@woodytoys/testing';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type SeedClient, copyRows, prepareDatabase } from '../src/index.ts';
import { errorOf, execute } from './helpers.ts';

const migrationsDirectory = new URL('./fixtures/migrations/', import.meta.url);
const log = createTestLogger();
let target: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  target = await createTestDatabase();
  client = new pg.Client({ connectionString: target.url });
  client.on('error', () => {});
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await target.drop();
});

async function loadToys(seedClient: SeedClient, scale: number): Promise<void> {
  const rows = Array.from({ length: 10 * scale }, (_, n) => [n, `toy ${n}`, '1.50']);
  await copyRows(seedClient, 'toys (id, name, price)', rows);
}
const prepare = (options = {}) =>
  prepareDatabase({ directUrl: target.url, migrationsDirectory, log, ...options });
const countToys = async () =>
  Number((await client.query('SELECT count(*) FROM toys')).rows[0].count);

it('migrates and seeds once when ten replicas start at the same time', async () => {
  const seed = { scale: 2, load: loadToys };
  const all = await Promise.all(Array.from({ length: 10 }, () => prepare({ seed })));
  expect(all.filter(({ migrations }) => migrations.length === 2)).toHaveLength(1);
  expect(all.filter(({ migrations }) => migrations.length === 0)).toHaveLength(9);
  expect(all.filter(({ seeded }) => seeded)).toHaveLength(1);
  expect(await countToys()).toBe(20);
  const { rows } = await client.query('SELECT name FROM migrations ORDER BY id');
  expect(rows).toEqual([{ name: '0001_toys' }, { name: '0002_toys_price' }]);
});

it('leaves nothing of a migration that fails, and says which', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'migrations-'));
  await cp(migrationsDirectory, directory, { recursive: true });
  await writeFile(join(directory, '0003_broken.sql'), '-- Up Migration\nCREATE TABLE toys ();\n');
  await expect(prepare({ migrationsDirectory: directory })).rejects.toThrow('already exists');
  const tables = await client.query(`SELECT FROM pg_tables WHERE tablename = 'toys'`);
  expect(tables.rowCount).toBe(0);

  await rm(join(directory, '0003_broken.sql'));
  const { migrations } = await prepare({ migrationsDirectory: directory });
  expect(migrations).toHaveLength(2);
  await rm(directory, { recursive: true });
});

it('leaves nothing of a seed that fails in the middle, and loads it the next time', async () => {
  const interrupted = {
    scale: 1,
    async load(seedClient: SeedClient) {
      await loadToys(seedClient, 1);
      throw new Error('in the middle');
    },
  };
  await expect(prepare({ seed: interrupted })).rejects.toThrow('in the middle');
  expect(await countToys()).toBe(0);
  expect(await prepare({ seed: { scale: 1, load: loadToys } })).toMatchObject({ seeded: true });
  expect(await countToys()).toBe(10);
});

it('leaves nothing of a seed whose connection is killed, and lets the next one in', async () => {
  const killed = {
    scale: 1,
    async load(seedClient: SeedClient) {
      await loadToys(seedClient, 1);
      const [row] = await seedClient.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await client.query('SELECT pg_terminate_backend($1)', [row?.pid]);
      await seedClient.query('SELECT pg_sleep(1)');
    },
  };
  await errorOf(prepare({ seed: killed }));
  expect(await prepare({ seed: { scale: 1, load: loadToys } })).toMatchObject({ seeded: true });
  expect(await countToys()).toBe(10);
});

it('does not seed again at another scale, and says so', async () => {
  await prepare({ seed: { scale: 1, load: loadToys } });
  expect(await prepare({ seed: { scale: 3, load: loadToys } })).toMatchObject({ seeded: false });
  expect(await countToys()).toBe(10);
  expect(log.lines.some(({ loaded, asked }) => loaded === 1 && asked === 3)).toBe(true);
});

it('is not stopped by the timeouts of its role', async () => {
  await execute(
    target.url,
    `ALTER DATABASE ${target.name} SET statement_timeout = '100ms'`,
    `ALTER DATABASE ${target.name} SET lock_timeout = '100ms'`,
  );
  const [one, two] = await Promise.all([prepare(), prepare()]);
  expect([...one.migrations, ...two.migrations]).toHaveLength(2);
});

it('waits for a server that is still starting', async () => {
  const { port } = new URL(target.url);
  const later = new URL(target.url);
  const placeholder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => placeholder.once('listening', resolve));
  const { port: free } = placeholder.address() as { port: number };
  await new Promise((resolve) => placeholder.close(resolve));
  later.port = `${free}`;

  const { connect } = await import('node:net');
  const prepared = prepare({ directUrl: later.href });
  const server = createServer((socket) => {
    const upstream = connect(Number(port), '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    for (const end of [socket, upstream]) end.on('error', () => {});
  });
  setTimeout(() => server.listen(free, '127.0.0.1'), 700);
  expect((await prepared).migrations).toHaveLength(2);
  server.close();
});

it('gives up on a server that does not come', async () => {
  const nowhere = 'postgres://nobody@127.0.0.1:1/none';
  await expect(prepare({ directUrl: nowhere, patienceMs: 300 })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  });
});
