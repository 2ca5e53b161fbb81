import { createMemoryWorld } from '@woodytoys/app-testing';
import type { Answer, CallOptions, Replica, TestService } from '@woodytoys/app-testing';
import { createDatabase } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { createTestLogger, startTraceReceiver, waitFor } from '@woodytoys/testing';
import { openTraceExport } from '@woodytoys/tracing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProductApp } from '../src/app.ts';
import type { components } from '../src/contract.ts';
import type { ProductState } from '../src/events.ts';
import { startProductService } from './start.ts';

type Product = components['schemas']['Product'];
type Call = readonly [method: string, id: number, options: CallOptions];

/** While somebody holds this product, a change of it is a batch that all later ones wait for. */
const held = 1;

describe('changes that come while another is committed', () => {
  let service: TestService;
  let replica: Replica;
  let admin: Database;
  const releases: (() => Promise<void>)[] = [];

  beforeEach(async () => {
    service = await startProductService(createMemoryWorld(), 0.2);
    // Without a relay the events stay where they can be read.
    replica = await service.replica({ started: false });
    admin = createDatabase({
      connectionString: service.databaseUrl,
      service: 'test',
      log: createTestLogger(),
    });
  });
  afterEach(async () => {
    // A test that failed may hold some still, and no pool closes before.
    for (const release of releases.splice(0)) await release();
    await admin?.close();
    await service?.close();
  });

  const patch = (id: number, json: object, ifMatch?: string): Call => [
    'PATCH',
    id,
    { json, headers: ifMatch === undefined ? {} : { 'if-match': ifMatch } },
  ];

  /** Locks products until it is released. */
  async function hold(...ids: readonly number[]): Promise<() => Promise<void>> {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const done = admin.transaction(async (transaction) => {
      await transaction.query('SELECT id FROM products WHERE id = ANY ($1) FOR UPDATE', [ids]);
      begun.resolve();
      await ended.promise;
    });
    await begun.promise;
    const release = () => {
      ended.resolve();
      return done;
    };
    releases.push(release);
    return release;
  }

  /** Sends calls one after the other, each once the one before has arrived or is answered. */
  async function send(
    calls: readonly Call[],
    to: Replica = replica,
  ): Promise<readonly Promise<Answer<Product>>[]> {
    const inFlight = async () =>
      Number(/^http_server_requests_in_flight\{.*\} (\d+)$/m.exec(await to.scrape())?.[1]);
    const before = await inFlight();
    const answers: Promise<Answer<Product>>[] = [];
    let open = 0;
    for (const call of calls) {
      open += 1;
      const answer = to.client.call<Product>(...pathOf(call)).finally(() => (open -= 1));
      answers.push(answer);
      await waitFor(async () => (await inFlight()) >= before + open);
    }
    return answers;
  }

  /** Sends calls that form one batch, and gives their answers. */
  async function together(calls: readonly Call[], to = replica): Promise<Answer<Product>[]> {
    const release = await hold(held);
    const [first] = await send([patch(held, {})], to);
    const answers = await send(calls, to);
    await release();
    expect((await first)?.status).toBe(200);
    return Promise.all(answers);
  }

  const events = async () => {
    const rows = await admin.query<{ body: ProductState; headers: Record<string, string> }>(
      'SELECT body, headers FROM outbox ORDER BY id',
    );
    return rows.filter(({ body }) => body.id !== held);
  };
  /** How many transactions last wrote these products. */
  async function transactionsOf(...ids: readonly number[]): Promise<number> {
    const rows = await admin.query('SELECT DISTINCT xmin::text FROM products WHERE id = ANY ($1)', [
      ids,
    ]);
    return rows.length;
  }

  it('share one transaction, and each is answered for itself', async () => {
    await replica.client.delete('/products/7');
    await admin.query('TRUNCATE outbox');
    const cached = async (id: number) =>
      (await replica.client.get<Product>(`/products/${id}`)).body;
    for (const id of [2, 3, 4, 5, 6]) await cached(id);
    const whole = { name: 'Truck', price: 0.1, category: 'vehicles' };
    const answers = await together([
      patch(6, { price: 23.45 }),
      ['PUT', 5, { json: whole }],
      patch(999_999, { price: 1 }),
      patch(4, { price: 1 }, '"9"'),
      patch(7, { price: 1 }, '*'),
      patch(3, { description: null }, '"9", "1"'),
      patch(7, { price: 1 }, '"1"'),
      patch(2, { name: 'Crane' }, '*'),
      patch(8, { price: 19.999 }),
      patch(9, { price: 1 }, 'W/"1"'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      200, 200, 404, 412, 404, 200, 404, 200, 422, 412,
    ]);
    const changed = [
      { id: 6, name: 'Product_6', price: 23.45, version: 2 },
      { id: 5, ...whole, description: '', version: 2 },
      { id: 3, name: 'Product_3', description: '', version: 2 },
      { id: 2, name: 'Crane', version: 2 },
    ];
    const written = answers.filter(({ status }) => status === 200);
    for (const [index, { headers, body }] of written.entries()) {
      expect(body).toMatchObject(changed[index] ?? {});
      expect(headers['etag']).toBe('"2"');
      expect(await cached(body.id)).toEqual(body);
    }
    expect(answers[3]?.body).toMatchObject({
      detail: 'Product 4 is at version 1, which If-Match does not name. Read it again.',
    });
    expect(await cached(4)).toMatchObject({ version: 1 });
    expect((await events()).map(({ body }) => [body.id, body.version, body.name])).toEqual([
      [6, 2, 'Product_6'],
      [5, 2, 'Truck'],
      [3, 2, 'Product_3'],
      [2, 2, 'Crane'],
    ]);
    expect(await transactionsOf(2, 3, 5, 6)).toBe(1);
  });

  it('of one product are made in the order they came, each with its version and its event', async () => {
    const answers = await together([
      patch(2, { price: 5 }, '"1"'),
      patch(3, { price: 7 }),
      patch(2, { name: 'Lost' }, '"1"'),
      patch(2, { name: 'Crane' }, '"2"'),
      patch(3, { name: 'Boat' }),
      ['PUT', 2, { json: { name: 'Truck', price: 6, category: 'vehicles' } }],
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 412, 200, 200, 200]);
    const of = (index: number) => answers[index]?.body;
    expect(of(0)).toMatchObject({ id: 2, name: 'Product_2', price: 5, version: 2 });
    expect(of(2)).toMatchObject({
      detail: 'Product 2 is at version 2, which If-Match does not name. Read it again.',
    });
    expect(of(3)).toMatchObject({ id: 2, name: 'Crane', price: 5, version: 3 });
    expect(of(4)).toMatchObject({ id: 3, name: 'Boat', price: 7, version: 3 });
    expect(of(5)).toMatchObject({ id: 2, name: 'Truck', price: 6, version: 4 });
    expect((await events()).map(({ body }) => [body.id, body.version, body.price])).toEqual([
      [2, 2, '5.00'],
      [3, 2, '7.00'],
      [2, 3, '5.00'],
      [3, 3, '7.00'],
      [2, 4, '6.00'],
    ]);
    expect(await transactionsOf(2, 3)).toBe(1);
  });

  it('are at most a hundred in one transaction', async () => {
    const ids = Array.from({ length: 130 }, (_, index) => index + 2);
    const answers = await together(ids.map((id) => patch(id, { price: 1 })));
    for (const { status } of answers) expect(status).toBe(200);
    expect(await transactionsOf(...ids)).toBe(2);
    expect(await transactionsOf(...ids.slice(0, 100))).toBe(1);
    expect(await events()).toHaveLength(130);
  });

  it('are made one by one when the server refuses them together', async () => {
    await admin.query("ALTER TABLE products ADD CHECK (name <> 'Nobody can have this')");
    const answers = await together([
      patch(2, { price: 1 }),
      patch(3, { name: 'Nobody can have this' }),
      patch(4, { price: 2 }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 500, 200]);
    expect((await events()).map(({ body }) => [body.id, body.version])).toEqual([
      [2, 2],
      [4, 2],
    ]);
    expect(await transactionsOf(2, 4)).toBe(2);
  });

  it('fail together when the database is lost, and are not made a second time', async () => {
    const release = await hold(held);
    const releaseSecond = await hold(2);
    const [first] = await send([patch(held, {})]);
    const answers = await send([3, 2, 4].map((id) => patch(id, { price: 1 })));
    await release();
    expect((await first)?.status).toBe(200);
    const backends = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'product'`;
    // The whole batch waits for the second lock.
    await waitFor(
      async () => (await admin.query(`${backends} AND wait_event = 'transactionid'`))[0],
    );
    for (const { status, body } of await Promise.all(answers)) {
      expect(status).toBe(503);
      expect(body).toMatchObject({ type: 'urn:woodytoys:problem:WT-UNAVAILABLE' });
    }
    await releaseSecond();
    expect(await events()).toEqual([]);
    const again = await replica.client.call<Product>(...pathOf(patch(3, { price: 1 })));
    expect(again).toMatchObject({ status: 200, body: { version: 2 } });
  });

  it('of two replicas do not wait for each other in a circle', async () => {
    const other = await service.replica({ started: false });
    const ids = Array.from({ length: 60 }, (_, index) => index + 2);
    const turns = 5;
    const work = [];
    for (let turn = 0; turn < turns; turn += 1) {
      for (const [at, order] of [
        [replica, ids],
        [other, ids.toReversed()],
      ] as const) {
        work.push(...order.map((id) => at.client.call(...pathOf(patch(id, { price: turn })))));
      }
    }
    for (const { status } of await Promise.all(work)) expect(status).toBe(200);
    const rows = await admin.query<{ version: number }>(
      'SELECT DISTINCT version FROM products WHERE id = ANY ($1)',
      [ids],
    );
    expect(rows).toEqual([{ version: 1 + 2 * turns }]);
    const told = (await events()).map(({ body }) => `${body.id}:${body.version}`);
    expect(new Set(told).size).toBe(2 * turns * ids.length);
    expect(
      await admin.query(
        'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
      ),
    ).toEqual([{ deadlocks: 0 }]);
  });

  it('are finished before a replica that stops closes its pool', async () => {
    const release = await hold(held);
    const answers = await send([held, 2, 3].map((id) => patch(id, { price: 1 })));
    const stopped = replica.stop();
    await release();
    for (const answer of answers) expect((await answer).status).toBe(200);
    await stopped;
    expect((await events()).map(({ body }) => body.id)).toEqual([2, 3]);
  });

  it('have their statements in the trace of the first, and their events each in its own', async () => {
    const receiver = await startTraceReceiver();
    const traces = await openTraceExport({
      url: `${receiver.endpoint}/v1/traces`,
      version: '1',
      instance: '1',
      log: createTestLogger(),
    });
    const tracing = traces.service('product');
    const database = createDatabase({
      connectionString: service.databaseUrl,
      service: 'product',
      log: createTestLogger(),
      tracing,
    });
    try {
      const traced = await service.replica({
        started: false,
        create: (dependencies) => createProductApp({ ...dependencies, database, tracing }),
      });
      const traceId = (id: number) => String(id).repeat(32);
      const answers = await together(
        [2, 3, 4].map((id): Call => {
          const traceparent = `00-${traceId(id)}-00f067aa0ba902b7-01`;
          return ['PATCH', id, { json: { price: 1 }, headers: { traceparent } }];
        }),
        traced,
      );
      for (const { status } of answers) expect(status).toBe(200);
      const told = await events();
      expect(
        told.map(({ body, headers }) => [body.id, headers['traceparent']?.slice(3, 35)]),
      ).toEqual([2, 3, 4].map((id) => [id, traceId(id)]));
      await traced.stop();
      await traces.close();
      const transactions = receiver.spans.filter(({ name }) => name === 'transaction');
      const ofChanges = transactions.filter(({ traceId: trace }) => /^(\d)\1{31}$/.test(trace));
      expect(ofChanges.map(({ traceId: trace }) => trace)).toEqual([traceId(2)]);
    } finally {
      await database.close();
      await traces.close();
      await receiver.close();
    }
  });
});

function pathOf([method, id, options]: Call): [string, string, CallOptions] {
  return [method, `/products/${id}`, options];
}
