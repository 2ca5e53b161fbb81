import { type PgBouncer, dockerMissing, startOwnPgBouncer, waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutboxRelay, enqueue } from '../src/index.ts';
import { type Sandbox, createSandbox, execute } from './helpers.ts';

const missing =
  process.platform === 'linux' ? await dockerMissing() : "Docker's host network needs Linux";

describe.skipIf(missing)(`Through PgBouncer${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let sandbox: Sandbox;
  let pgBouncer: PgBouncer;
  beforeAll(async () => {
    sandbox = await createSandbox();
    pgBouncer = await startOwnPgBouncer(sandbox.url, 2);
  });
  afterAll(async () => {
    await sandbox.close();
    await pgBouncer.close();
  });
  const through = () =>
    sandbox.another({
      connectionString: pgBouncer.url,
      maxConnections: 20,
      connectTimeoutMs: 25_000,
    });

  it('runs named statements and transactions of many connections over two', async () => {
    const databases = [through(), through(), through()];
    const work = Array.from({ length: 300 }, async (_, n) => {
      const database = databases[n % 3] ?? through();
      const statement = {
        name: `times-${n % 7}`,
        text: `SELECT $1::integer * ${n % 7} AS product`,
      };
      const [lone] = await database.query(statement, [n]);
      const [inside] = await database.transaction(async (transaction) => {
        await transaction.query(statement, [n]);
        return transaction.query(statement, [n + 1]);
      });
      expect([lone, inside]).toEqual([{ product: n * (n % 7) }, { product: (n + 1) * (n % 7) }]);
    });
    await Promise.all(work);
    const [row] = await sandbox.database.query<{ backends: number }>(
      `SELECT count(*) AS backends FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'test' AND pid <> pg_backend_pid()`,
    );
    expect(row?.backends).toBeLessThanOrEqual(2);
  });

  it('keeps the timeouts of the role', async () => {
    const role = `pooled_${Math.random().toString(36).slice(2)}`;
    await execute(
      sandbox.url,
      `CREATE ROLE ${role} LOGIN PASSWORD 'secret'; ALTER ROLE ${role} SET statement_timeout = '321ms'`,
    );
    const url = new URL(sandbox.url);
    url.username = role;
    url.password = 'secret';
    const pooled = await startOwnPgBouncer(url.href, 1);
    const database = sandbox.another({ connectionString: pooled.url });
    expect(await database.query('SHOW statement_timeout')).toEqual([
      { statement_timeout: '321ms' },
    ]);
    await expect(database.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
    await pooled.close();
    await execute(sandbox.url, `DROP ROLE ${role}`);
  });

  it('loses no message of the outbox when PgBouncer is restarted in the middle', async () => {
    const database = through();
    const published = new Set<number>();
    const relay = createOutboxRelay({
      database,
      log: sandbox.log,
      pollMs: 50,
      batch: 20,
      maxInFlight: 40,
      publish: async ({ body }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        published.add((body as { n: number }).n);
      },
    });
    const messages = Array.from({ length: 1_000 }, (_, n) => ({
      exchange: 'woodytoys.events',
      routingKey: 'product.updated',
      body: { n },
    }));
    await sandbox.database.transaction(async (transaction) => enqueue(transaction, ...messages));
    relay.nudge();
    await waitFor(() => published.size > 50);
    await pgBouncer.restart();
    await waitFor(
      async () => (await sandbox.database.query('SELECT FROM outbox')).length === 0,
      30_000,
    );
    expect(published.size).toBe(1_000);
    await relay.stop();
  });
});
