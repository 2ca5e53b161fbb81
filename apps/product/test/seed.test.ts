import { createMemoryWorld } from '@woodytoys/app-testing';
import type { TestService } from '@woodytoys/app-testing';
import { prepareDatabase } from '@woodytoys/database';
import { createTestLogger } from '@woodytoys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { productMigrations } from '../src/app.ts';
import { seedProduct, seedProducts } from '../src/seed.ts';
import { startProductService } from './start.ts';

describe('the seed of the catalogue', () => {
  const services: TestService[] = [];
  const start = async (scale: number) => {
    const service = await startProductService(createMemoryWorld(), scale);
    services.push(service);
    return service;
  };
  afterAll(async () => {
    for (const service of services) await service.close();
  });

  it('is the same each time, and not loaded twice', async () => {
    const digests: unknown[] = [];
    for (const service of [await start(1), await start(1)]) {
      const { database } = await service.replica();
      await prepareDatabase({
        directUrl: service.databaseUrl,
        migrationsDirectory: productMigrations,
        log: createTestLogger(),
        seed: { scale: 1, load: seedProducts },
      });
      digests.push(
        await database.query(
          "SELECT count(*) AS rows, md5(string_agg(p::text, '|' ORDER BY id)) AS digest FROM products p",
        ),
      );
    }
    expect(digests[0]).toMatchObject([{ rows: 1000 }]);
    expect(digests[1]).toEqual(digests[0]);
  });

  it('grows with its scale, and the next id comes after it', async () => {
    const { client } = await (await start(2.5)).replica();
    expect((await client.get('/products/2500')).body).toMatchObject({ name: 'Product_2500' });
    const { body } = await client.post('/products', { name: 'A', price: 1, category: 'b' });
    expect(body).toMatchObject({ id: 2501 });
  });

  it('has prices of two decimals between 4.99 and 99.98, well spread', () => {
    const prices = Array.from({ length: 1000 }, (_, index) => seedProduct(index + 1).price);
    for (const price of prices) expect(price).toMatch(/^\d{1,2}\.\d{2}$/);
    expect(prices[0]).toBe('19.99');
    expect(new Set(prices).size).toBe(1000);
    expect(Math.min(...prices.map(Number))).toBeGreaterThanOrEqual(4.99);
    expect(Math.max(...prices.map(Number))).toBeLessThanOrEqual(99.98);
  });
});
