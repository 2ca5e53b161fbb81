import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '@woodytoys/testing';
import { createMetricsRegistry } from '@woodytoys/metrics';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDatabase, setRoleTimeouts } from '../src/index.ts';
import { type Sandbox, createSandbox, errorOf, execute } from './helpers.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.database.query('TRUNCATE t'));

it('gives bigint as a number, numeric and date as text, timestamptz as a date', async () => {
  const [row] = await sandbox.database.query(
    `SELECT 9007199254740991::bigint AS big, ARRAY[1, NULL, -2]::bigint[] AS bigs, 19.90::numeric AS price,
            '2026-01-02'::date AS day, '2026-01-02T03:04:05Z'::timestamptz AS moment`,
  );
  expect(row).toEqual({
    big: 9007199254740991,
    bigs: [1, null, -2],
    price: '19.90',
    day: '2026-01-02',
    moment: new Date('2026-01-02T03:04:05Z'),
  });
});

it('throws rather than rounding a bigint beyond 2^53 - 1, and keeps the connection', async () => {
  const database = sandbox.another({ maxConnections: 1 });
  await expect(database.query('SELECT 9007199254740992::bigint AS big')).rejects.toThrow(
    'does not fit a number',
  );
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('prepares a named statement once a connection', async () => {
  const database = sandbox.another({ maxConnections: 1 });
  const statement = { name: 'twice', text: 'SELECT $1::integer * 2 AS result' };
  expect(await database.query(statement, [4])).toEqual([{ result: 8 }]);
  expect(await database.query(statement, [5])).toEqual([{ result: 10 }]);
  const prepared = await database.query('SELECT name FROM pg_prepared_statements');
  expect(prepared).toEqual([{ name: 'twice' }]);
});

it('keeps the connection after an error of the statement', async () => {
  const database = sandbox.another({ maxConnections: 1 });
  const [before] = await database.query('SELECT pg_backend_pid() AS pid');
  await expect(database.query('SELECT 1 / 0')).rejects.toMatchObject({ code: '22012' });
  const [after] = await database.query('SELECT pg_backend_pid() AS pid');
  expect(after).toEqual(before);
});

it('says when all connections are in use for too long, and goes on afterwards', async () => {
  const database = sandbox.another({ maxConnections: 2, connectTimeoutMs: 1_500 });
  const gate = Promise.withResolvers<void>();
  let holding = 0;
  const slow = [1, 2].map(() =>
    database.transaction(async () => {
      holding += 1;
      await gate.promise;
    }),
  );
  await waitFor(() => holding === 2);
  const error = await errorOf(database.query('SELECT 1'));
  gate.resolve();
  expect(error).toMatchObject({ reason: 'exhausted', retryable: true });
  expect(error.message).toContain('All 2 database connections');
  await Promise.all(slow);
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('serves far more callers than it has connections', async () => {
  const database = sandbox.another({ maxConnections: 3 });
  const callers = Array.from({ length: 500 }, (_, n) =>
    database.query<{ n: number }>('SELECT $1::integer AS n, pg_sleep(0.001)', [n]),
  );
  const answers = await Promise.all(callers);
  expect(answers.map(([row]) => row?.n)).toEqual(answers.map((_, n) => n));
});

it('says that the database cannot be reached', async () => {
  const log = sandbox.log;
  const database = createDatabase({
    connectionString: 'postgres://nobody@127.0.0.1:1/none',
    service: 'test',
    log,
  });
  expect(await errorOf(database.query('SELECT 1'))).toMatchObject({ reason: 'unreachable' });
  expect(await errorOf(database.ping())).toMatchObject({ reason: 'unreachable' });
  await database.close();
});

it('ends a connection that does not answer in time, and makes a new one', async () => {
  const database = sandbox.another({ maxConnections: 1, queryTimeoutMs: 1_000 });
  const [before] = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  expect(await errorOf(database.query('SELECT pg_sleep(20)'))).toMatchObject({ reason: 'timeout' });
  const [after] = await database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  expect(after?.pid).not.toBe(before?.pid);
});

it('asks a SELECT again when its connection is lost before the answer, and nothing else', async () => {
  const database = sandbox.another({ application_name: 'x', service: 'victim' } as never);
  const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE application_name = 'victim' AND state = 'active' AND pid <> pg_backend_pid()`;
  const sleepers = `SELECT pid FROM pg_stat_activity WHERE application_name = 'victim' AND state = 'active'`;

  const read = database.query('SELECT 1 AS one, pg_sleep(2)');
  await waitFor(async () => (await sandbox.database.query(sleepers)).length === 1);
  await sandbox.database.query(kill);
  expect(await read).toMatchObject([{ one: 1 }]);

  const write = errorOf(
    database.query('WITH w AS (INSERT INTO t VALUES (1, 1)) SELECT pg_sleep(5)'),
  );
  await waitFor(async () => (await sandbox.database.query(sleepers)).length === 1);
  await sandbox.database.query(kill);
  expect(await write).toMatchObject({ code: '57P01' });
  expect(await sandbox.database.query('SELECT * FROM t')).toEqual([]);
});

it('forgets a connection that the server ended while it was idle', async () => {
  const database = sandbox.another({ service: 'idler', maxConnections: 1 });
  await database.query('SELECT 1');
  await sandbox.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'idler'`,
  );
  const line = await waitFor(() =>
    sandbox.log.lines.find(({ msg }) => msg.includes('idle database connection')),
  );
  const { pool, code, reason, ...rest } = line;
  expect({ pool, code }).toEqual({ pool: 'idler', code: '57P01' });
  expect(reason).toMatch(/terminating connection/);
  expect(Object.keys(rest).sort()).toEqual(['hostname', 'level', 'msg', 'pid', 'time']);
  await expect(database.query('INSERT INTO t VALUES (7, 7)')).resolves.toEqual([]);
});

it('answers a ping while every connection is in use', async () => {
  const database = sandbox.another({ maxConnections: 1, connectTimeoutMs: 1_000 });
  await database.query('SELECT 1');
  const slow = database.query('SELECT pg_sleep(2)');
  await database.ping();
  await slow;
});

it('obeys the timeouts of its role', async () => {
  const role = `role_${Math.random().toString(36).slice(2)}`;
  const admin = new pg.Client({ connectionString: sandbox.url });
  await admin.connect();
  await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'; GRANT ALL ON t TO ${role}`);
  await setRoleTimeouts(admin, role, {
    statementTimeoutMs: 1_500,
    lockTimeoutMs: 300,
    idleInTransactionTimeoutMs: 400,
  });
  const url = new URL(sandbox.url);
  url.username = role;
  url.password = 'secret';
  const database = sandbox.another({ connectionString: url.href });

  expect(await database.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '1500ms' }]);
  expect(await errorOf(database.query('SELECT pg_sleep(20)'))).toMatchObject({ code: '57014' });

  await admin.query('BEGIN; LOCK TABLE t');
  expect(await errorOf(database.query('SELECT * FROM t'))).toMatchObject({ code: '55P03' });
  await admin.query('ROLLBACK');

  const idle = database.transaction(async (transaction) => {
    await transaction.query('SELECT 1');
    await sleep(1_500);
    await transaction.query('SELECT 1');
  });
  await expect(idle).rejects.toThrow();
  expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);

  await database.close();
  await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await admin.end();
});

it('shows the state of its pool to the metrics until it is closed', async () => {
  const registry = createMetricsRegistry({ defaultMetrics: false });
  const database = sandbox.another({ maxConnections: 3, metrics: registry.service('test') });
  const slow = [1, 2].map(() => database.query('SELECT pg_sleep(0.3)'));
  await sleep(100);
  const { body } = await registry.expose();
  expect(body).toMatch(/db_pool_used\{[^}]*\} 2/);
  expect(body).toMatch(/db_pool_limit\{[^}]*\} 3/);
  await Promise.all(slow);
  await database.close();
  expect((await registry.expose()).body).not.toMatch(/db_pool_used\{/);
});

it('survives a table that changes under a prepared statement', async () => {
  const database = sandbox.another({ maxConnections: 1 });
  await execute(sandbox.url, 'CREATE TABLE changing (a integer); INSERT INTO changing VALUES (1)');
  const statement = { name: 'all-of-changing', text: 'SELECT * FROM changing' };
  await database.query(statement);
  await execute(sandbox.url, 'ALTER TABLE changing ADD COLUMN b integer');
  await errorOf(database.query(statement));
  expect(await database.query(statement)).toEqual([{ a: 1, b: null }]);
});
