import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@woodytoys/embedded-postgres';
import type { EmbeddedPostgres } from '@woodytoys/embedded-postgres';
import { waitFor } from '@woodytoys/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnections } from '../../originals/woodytoys/connections.ts';
import { insertProduct, selectLastProduct } from '../../originals/woodytoys/tables.ts';
import { startOriginal, textOf } from './start.ts';
import type { StartedOriginal } from './start.ts';

const file = 'woodytoys-monolith.ts';
const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const uuid = '[0-9a-f]{8}-[0-9a-f-]{27}';

let postgres: EmbeddedPostgres;
let superuser: pg.Client;
let databaseUrl: string;
let monolith: StartedOriginal;
let url: string;
const get = (path: string) => textOf(`${url}${path}`);

beforeAll(async () => {
  postgres = await startEmbeddedPostgres({
    directory: await mkdtemp(join(tmpdir(), 'woodytoys-original-')),
    temporary: true,
    log: { debug() {}, warn() {} },
  });
  superuser = new pg.Client({ connectionString: postgres.url });
  await superuser.connect();
  // As the original's server: one connection, and no more.
  await superuser.query("CREATE ROLE woodytoys LOGIN PASSWORD 'toys' CONNECTION LIMIT 1");
  await superuser.query('CREATE DATABASE woodytoys OWNER woodytoys');
  databaseUrl = `postgres://woodytoys:toys@127.0.0.1:${postgres.port}/woodytoys`;
  monolith = startOriginal(file, {
    DATABASE_URL: databaseUrl,
    HEAVY_MS: '300ms',
    VALIDATION_MS: '300ms',
    LAST_MS: '300ms',
  });
  url = await monolith.url();
});

afterAll(async () => {
  await monolith?.stop();
  await superuser?.end();
  await postgres?.stop();
});

describe('the Woodytoys monolith', () => {
  it('answers the calls of the original in plain text', async () => {
    expect(await get('/api/ping')).toMatchObject({ status: 200, text: 'ping' });
    expect((await get('/api/ping')).type).toMatch(/^text\/plain/);
    expect((await get('/api/misc/time')).text).toMatch(new RegExp(`^misc: ${time}$`));
    const heavy = await get('/api/misc/heavy?name=Yoyo');
    expect(heavy.text).toMatch(new RegExp(`^${time}: Woody -Yoyo- Woody$`));
    expect((await get('/api/products/1')).text).toBe('not yet implemented');
  });

  it('adds products to the two that it begins with, and tells the last', async () => {
    const before = await get('/api/products/last');
    expect(before.text).toMatch(new RegExp(`^db: ${time} - 2 products \\(last=Joli train\\)$`));
    const name = `Robert'); DROP TABLE product;--`;
    expect((await get(`/api/products?product=${encodeURIComponent(name)}`)).text).toBe(name);
    expect((await get('/api/products/last')).text).toContain(`3 products (last=${name})`);
  });

  it('answers an order once it is validated', async () => {
    const placed = await get('/api/orders/do?order=Yoyo');
    expect(placed.text).toMatch(
      new RegExp(`^Your process ${uuid} has been created with this product : Yoyo$`),
    );
    const [id] = new RegExp(uuid).exec(placed.text) ?? [];
    for (const path of ['/api/orders/', '/api/orders']) {
      expect((await get(`${path}?order_id=${id}`)).text).toBe(`order "${id}": Success`);
    }
    expect((await get('/api/orders/?order_id=none')).text).toBe('order "none": None');
  });

  it('has one request at a time', async () => {
    const order: string[] = [];
    const heavy = get('/api/misc/heavy?name=x').then(() => order.push('heavy'));
    // It is taken before the next is sent.
    await new Promise((later) => setTimeout(later, 50));
    const ping = get('/api/ping').then(() => order.push('ping'));
    await Promise.all([heavy, ping]);
    expect(order).toEqual(['heavy', 'ping']);
  });

  it('answers 500 while the one connection of the database is taken, and what needs none', async () => {
    const other = new pg.Client({ connectionString: databaseUrl });
    await other.connect();
    expect((await get('/api/products?product=x')).status).toBe(500);
    expect((await get('/api/ping')).status).toBe(200);
    await other.end();
    await waitFor(async () => (await get('/api/products?product=x')).status === 200, 20_000);
  });

  it('lets inserts wait for the query of the last product', async () => {
    const withConnection = createConnections(postgres.url.replace(/\/postgres$/, '/woodytoys'));
    const locked = (mode: string, granted: boolean) => async () => {
      const { rowCount } = await superuser.query(
        'SELECT FROM pg_locks WHERE mode = $1 AND granted = $2',
        [mode, granted],
      );
      return rowCount === 1;
    };
    const last = withConnection((client) => selectLastProduct(client, 2_000));
    await waitFor(locked('ShareLock', true), 20_000);
    const insert = withConnection((client) => insertProduct(client, 'late'));
    await waitFor(locked('RowExclusiveLock', false), 20_000);
    await Promise.all([last, insert]);
  });

  it('ends with a line for each variable that is wrong', async () => {
    const started = startOriginal(file, { HEAVY_MS: 'soon' });
    expect(await started.exited).toBe(1);
    expect(started.output()).toMatch(/DATABASE_URL: expected a URL/);
    expect(started.output()).toMatch(/HEAVY_MS: expected a duration/);
  });

  it('ends with a line when its port is taken', async () => {
    const { port } = new URL(url);
    const started = startOriginal(file, { DATABASE_URL: postgres.url, PORT: port });
    expect(await started.exited).toBe(1);
    expect(started.output()).toMatch(/EADDRINUSE/);
  });
});
