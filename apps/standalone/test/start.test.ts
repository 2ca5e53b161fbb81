import { createDatabase } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { createTestLogger, waitFor } from '@woodytoys/testing';
import { expect, test } from 'vitest';
import { databaseUrlOf } from './fixtures/database-of.ts';
import { allGone } from './fixtures/npm-start.ts';
import type { StartOptions } from './fixtures/npm-start.ts';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();

interface Report {
  readonly id: string;
  readonly status: string;
  readonly progress: number;
  readonly result: { readonly totals: { readonly sales: number } };
}

/** Works with the logistics service's database, connected as the service is. */
async function withDatabase<T>(
  { data }: StartOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const connectionString = databaseUrlOf(data, 'logistics');
  const log = createTestLogger();
  const database = createDatabase({ connectionString, service: 'test', maxConnections: 1, log });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

test('npm start answers with the seed data, and Ctrl-C ends all of it with code 0', async () => {
  const here = await place();
  const started = start({ ...here, command: ['npm', 'start', '--silent'] });
  await started.ready();
  expect(started.output()).toMatch(new RegExp(`^ready {2}http://localhost:${here.port}$`, 'm'));

  const response = await started.get('/api/1/1');
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    user: { id: 1, username: 'user_1', email: 'user_1@example.com' },
    product: { id: 1, name: 'Product_1', price: 19.99 },
  });
  const wrong = await started.get('/api/users/1e3?a=1');
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ instance: '/api/users/1e3' });
  const probe = `http://127.0.0.1:${here.privatePort}`;
  expect((await fetch(`${probe}/readyz`)).status).toBe(200);
  const metrics = async () => {
    const text = await fetch(`${probe}/metrics`).then((answer) => answer.text());
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  };
  expect((await metrics()).join('\n')).toMatch(
    /http_server_request_duration_seconds_count\{[^}]*service="gateway"/,
  );

  // Series are counted by what is there, never by what is asked for: no path, no id, no user.
  const reads = ['users', 'products', 'stores', 'stores/1/stock', 'sales', 'reports/consolidated'];
  for (const path of reads) expect((await started.get(`/api/${path}`)).status).toBe(200);
  const ask = (from: number) =>
    Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const id = from + index;
        await started.get(`/api/${id}/${id}?n=${id}`).then((answer) => answer.text());
        await started.get(`/api/nothing/at/${id}`).then((answer) => answer.text());
      }),
    );
  await ask(1);
  const series = (await metrics()).length;
  expect(series).toBeGreaterThan(500);
  expect(series).toBeLessThan(4_000);
  await ask(51);
  // A status that a busy machine answers for the first time is 17 series; ids would be 1,700.
  expect((await metrics()).length).toBeLessThan(series + 200);

  const tree = started.tree();
  // npm, the bootstrap, the platform, PostgreSQL and its children.
  expect(tree.length).toBeGreaterThan(5);
  started.signalGroup('SIGINT');
  expect(await started.exited).toBe(0);
  await allGone(tree);
  expect(started.errors()).toBe('');
});

test('names of products are known to the first report, and a report job comes to its end', async () => {
  const started = start(await place());
  await started.ready();

  const first = await started.get('/api/reports/consolidated');
  const { bestSellers } = (await first.json()) as { bestSellers: { productName: string }[] };
  expect(bestSellers.length).toBeGreaterThan(0);
  for (const { productName } of bestSellers) expect(productName).toMatch(/^Product_\d+$/);

  const accepted = await started.post('/api/reports', {});
  expect(accepted.status).toBe(202);
  const path = accepted.headers.get('location') ?? '';
  const done = await waitFor(async () => {
    const report = (await started.get(path).then((answer) => answer.json())) as Report;
    return report.status === 'done' ? report : undefined;
  });
  expect(done.progress).toBe(1);
  expect(done.result.totals.sales).toBe(2000);

  started.signalGroup('SIGTERM');
  expect(await started.exited).toBe(0);
});

test('the services connect with the timeouts that their roles have in the compose stack', async () => {
  const here = await place();
  const started = start(here);
  await started.ready();
  await withDatabase(here, async (database) => {
    const settings = [
      'statement_timeout',
      'lock_timeout',
      'idle_in_transaction_session_timeout',
    ] as const;
    const shown = await Promise.all(settings.map((name) => database.query(`SHOW ${name}`)));
    expect(Object.assign({}, ...shown.flat())).toEqual({
      statement_timeout: '10s',
      lock_timeout: '3s',
      idle_in_transaction_session_timeout: '15s',
    });
    const own = await database.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'logistics' AND usename = current_user`,
    );
    expect(own.length).toBeGreaterThan(0);
  });
});

test('a report is kept for as long as the environment says', async () => {
  const here = { ...(await place()), environment: { REPORT_RETENTION_DAYS: '2' } };
  const insert = (days: number) =>
    withDatabase(here, (database) =>
      database.query<{ id: string }>(
        `INSERT INTO reports (id, status, finished_at)
         VALUES (uuidv7(), 'done', now() - $1 * interval '1 day') RETURNING id`,
        [days],
      ),
    );
  const first = start(here);
  await first.ready();
  const [old] = await insert(3);
  const [young] = await insert(1);
  expect((await first.get(`/api/reports/${old?.id}`)).status).toBe(200);
  first.signalGroup('SIGINT');
  expect(await first.exited).toBe(0);

  const second = start(here);
  await second.ready();
  await waitFor(async () => (await second.get(`/api/reports/${old?.id}`)).status === 404);
  expect((await second.get(`/api/reports/${young?.id}`)).status).toBe(200);
});

test('what was written is there after the next start, and gone after one with --fresh', async () => {
  const here = await place();
  const first = start(here);
  await first.ready();
  const user = { username: 'kept', email: 'kept@example.com' };
  const created = await first.post('/api/users', user);
  expect(created.status).toBe(201);
  const path = created.headers.get('location') ?? '';
  first.signalGroup('SIGINT');
  expect(await first.exited).toBe(0);

  const second = start(here);
  await second.ready();
  expect(await second.get(path).then((answer) => answer.json())).toMatchObject(user);
  second.signalGroup('SIGINT');
  expect(await second.exited).toBe(0);

  const third = start({ ...here, args: ['--fresh'] });
  await third.ready();
  expect((await third.get(path)).status).toBe(404);
  expect((await third.get('/api/1/1')).status).toBe(200);
});

test('SEED_SCALE 0 starts with nothing in it', async () => {
  const started = start({ ...(await place()), environment: { SEED_SCALE: '0' } });
  await started.ready();
  expect((await started.get('/api/1/1')).status).toBe(404);
  const products = await started.get('/api/products').then((answer) => answer.json());
  expect(products).toEqual({ items: [], nextCursor: null });
});
