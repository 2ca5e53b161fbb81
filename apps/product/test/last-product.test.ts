import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, TestService } from '@woodytoys/app-testing';
import { createDatabase } from '@woodytoys/database';
import { createTestLogger } from '@woodytoys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { oneAtATime } from '../src/last-product.ts';
import { startProductService } from './start.ts';

type LastProduct = components['schemas']['LastProduct'];

const LAST_MS = 600;
const toy = { name: 'Toy', price: 1, category: 'dolls' };

describeInBothWorlds('the newest product, by a slow query', (createWorld) => {
  let service: TestService;
  let client: Client;
  let other: Client;

  beforeAll(async () => {
    service = await startProductService(await createWorld(), 0.01, { lastMs: LAST_MS });
    ({ client } = await service.replica());
    ({ client: other } = await service.replica());
  });
  afterAll(() => service?.close());

  const last = async (of = client) => {
    const began = performance.now();
    const { status, body } = await of.get<LastProduct>('/products/last');
    return { status, body, slow: performance.now() - began >= LAST_MS - 5 };
  };
  const add = async (name: string) =>
    (await client.post<LastProduct>('/products', { ...toy, name })).body;

  it('takes its time once, and tells the number of products with it', async () => {
    const first = await last();
    expect(first).toMatchObject({ status: 200, body: { id: 10, count: 10 }, slow: true });
    const others = await Promise.all([last(), last(other), last(other)]);
    for (const { body } of others) expect(body).toEqual(first.body);
    expect((await last()).slow).toBe(false);
  });

  it('is forgotten when a product is added or deleted, and not when one is changed', async () => {
    const { id } = await add('A');
    expect(await last()).toMatchObject({ body: { id, name: 'A', count: 11 }, slow: true });
    await client.put(`/products/${id}`, { ...toy, name: 'B' });
    expect(await last()).toMatchObject({ body: { id, name: 'B', count: 11 }, slow: false });
    await client.delete(`/products/${id}`);
    expect(await last()).toMatchObject({ body: { id: 10, count: 10 }, slow: true });
  });

  it('sees a product that was added while another asked, and locks nobody out', async () => {
    await add('C');
    const early = last();
    await new Promise((resolve) => setTimeout(resolve, LAST_MS / 3));
    const { id } = await add('D');
    const late = await Promise.all([last(), last(), last()]);
    for (const { body } of late) expect(body).toMatchObject({ id, name: 'D' });
    expect((await early).status).toBe(200);
  });

  it('leaves connections for all else, however many products are added meanwhile', async () => {
    const asked: Promise<{ status: number }>[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      await add(`E${turn}`);
      asked.push(last());
    }
    const { body } = await client.get<{ items: unknown[] }>('/products?limit=1');
    expect(body.items).toHaveLength(1);
    for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
    expect((await last()).body).toMatchObject({ name: 'E11' });
  });

  it('may take longer than any other statement', async () => {
    const slow = await startProductService(await createWorld(), 0.001, { lastMs: 1_500 });
    try {
      await limitStatements(slow.databaseUrl, 700);
      const { client: patient } = await slow.replica();
      expect((await patient.get('/products/last')).status).toBe(200);
    } finally {
      await slow.close();
    }
  });
});

/** Every new connection of the database then ends statements after this long. */
async function limitStatements(connectionString: string, ms: number): Promise<void> {
  const database = createDatabase({ connectionString, service: 'test', log: createTestLogger() });
  await database.query(
    `DO $$ BEGIN EXECUTE format(
       'ALTER DATABASE %I SET statement_timeout = ${ms}', current_database()); END $$`,
  );
  await database.close();
}

describe('oneAtATime', () => {
  it('runs once for all who ask while one runs, then once more, and goes on after a failure', async () => {
    let runs = 0;
    let running = 0;
    const ask = oneAtATime(async () => {
      const run = (runs += 1);
      expect((running += 1)).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running -= 1;
      if (run === 2) throw new Error('failed');
      return run;
    });
    const first = ask();
    const waiting = [ask(), ask(), ask()];
    expect(await first).toBe(1);
    for (const one of waiting) await expect(one).rejects.toThrow('failed');
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([3, 4, 4]);
    expect(await ask()).toBe(5);
  });
});
