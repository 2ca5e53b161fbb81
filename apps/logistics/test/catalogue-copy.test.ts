import { readFileSync } from 'node:fs';
import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Delivery } from '@woodytoys/messaging';
import { waitFor } from '@woodytoys/testing';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { logisticsMigrations } from '../src/migrations.ts';
import { productsQueue } from '../src/topology.ts';
import { seedProduct, startLogisticsService } from './start.ts';
import type { LogisticsService, ProductEvent } from './start.ts';

describeInBothWorlds('the copy of the catalogue', (createWorld) => {
  let service: LogisticsService;

  beforeEach(async () => {
    service = await startLogisticsService(await createWorld(), 0.05);
  });
  afterEach(() => service?.close());

  const copyOf = async (id: number) => {
    const [row] = await service.database.query(
      `SELECT id, name, to_char(price_cents / 100.0, 'FM9999990.00') AS price,
         description, category, version, deleted FROM product_copies WHERE id = $1`,
      [id],
    );
    return row;
  };

  /** The transaction that wrote a copy last. */
  const writerOf = async (id: number) =>
    service.database.query('SELECT xmin::text FROM product_copies WHERE id = $1', [id]);

  const rowsOf = async (table: string) => {
    const [row] = await service.database.query<{ count: number }>(
      `SELECT count(*) AS count FROM ${table}`,
    );
    return row?.count ?? -1;
  };

  /** Waits until everything that was published before has been handled. */
  async function settled(): Promise<void> {
    const marker = { ...seedProduct(900_000), id: 900_000 + Math.floor(Math.random() * 90_000) };
    await service.publish('product.updated', marker);
    await waitFor(async () => (await copyOf(marker.id)) !== undefined);
  }

  /** Answers `catalogue.requested` as the product service does; the questions that came. */
  async function answerRequests(products: readonly ProductEvent[]): Promise<readonly Delivery[]> {
    const questions: Delivery[] = [];
    const { messaging } = await service.world.connect('product');
    await messaging.declare({
      exchanges: [{ name: 'woodytoys.commands', type: 'direct' }],
      queues: [
        {
          name: 'product.catalogue-requests',
          bindings: [{ exchange: 'woodytoys.commands', routingKey: 'catalogue.requested' }],
          retryDelaysMs: [],
        },
      ],
    });
    await messaging.consume(
      'product.catalogue-requests',
      async (delivery) => {
        questions.push(delivery);
        await service.publish('catalogue.filled', { products });
      },
      { prefetch: 1 },
    );
    return questions;
  }

  it('is filled at the first start, asked for once over all replicas', async () => {
    const products = Array.from({ length: 50 }, (_, index) => seedProduct(index + 1));
    const questions = await answerRequests(products);
    await service.worker();
    await Promise.all([service.replica(), service.replica(), service.replica()]);
    await waitFor(async () => (await rowsOf('product_copies')) === 50);
    expect(await copyOf(7)).toEqual(seedProduct(7));
    await waitFor(async () => (await rowsOf('outbox')) === 0);

    // With a copy, a later start asks no more, however long ago the first question was.
    await service.database.query(
      "UPDATE catalogue_requests SET requested_at = now() - '1 day'::interval",
    );
    await service.replica();
    expect(await rowsOf('outbox')).toBe(0);
    expect(questions).toHaveLength(1);
  });

  it('is asked for anew when it was made before descriptions were told', async () => {
    const products = [seedProduct(1), { ...seedProduct(2), version: 5, deleted: true }];
    const questions = await answerRequests(products);
    await service.worker();
    await service.database.query(
      `ALTER TABLE product_copies DROP COLUMN description;
       INSERT INTO product_copies (id, name, price_cents, category, version, deleted)
       VALUES (1, 'Product_1', 1999, 'games', 1, false), (2, 'Product_2', 1, 'games', 5, true)`,
    );
    const migration = new URL('0005_descriptions.sql', logisticsMigrations);
    const [up = ''] = readFileSync(migration, 'utf8').split('-- Down Migration');
    await service.database.query(up);
    await service.replica();
    await waitFor(async () => (await copyOf(1))?.['description'] === 'Number 1.');
    expect(await copyOf(2)).toEqual(products[1]);
    expect(questions).toHaveLength(1);
  });

  it('takes an event that tells no description', async () => {
    await service.worker();
    const { description: _, ...older } = seedProduct(3);
    await service.publish('product.updated', older);
    await waitFor(async () => (await copyOf(3)) !== undefined);
    expect(await copyOf(3)).toEqual({ ...older, description: '' });
  });

  it('is asked for when the product service comes later, and sales wait for it with 503', async () => {
    await service.worker();
    const { client } = await service.replica();
    const early = await client.post('/stores/1/sales', { productId: 1, quantity: 1 });
    expect(early).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
    const stock = await client.get<{ items: readonly object[] }>('/stores/1/stock?limit=1');
    expect(stock.body.items).toMatchObject([{ productId: 1, productName: null, unitPrice: null }]);
    const report = await client.get('/reports/consolidated');
    expect(report).toMatchObject({ status: 200, body: { totals: { stockValue: 0 } } });

    await answerRequests([seedProduct(1)]);
    await waitFor(async () => {
      const { status } = await client.post('/stores/1/sales', { productId: 1, quantity: 1 });
      return status === 201;
    }, 30_000);
  });

  it('has the greatest version, whatever the order in which the events come', async () => {
    await service.worker();
    let id = 100;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
        fc.boolean(),
        async (versions, filled) => {
          id += 1;
          const stateOf = (version: number): ProductEvent => ({
            id,
            name: `Version ${version}`,
            price: `${version}.50`,
            description: `In version ${version}.`,
            category: 'blocks',
            version,
            deleted: version === 7,
          });
          for (const version of versions) {
            const state = stateOf(version);
            if (filled) await service.publish('catalogue.filled', { products: [state] });
            else {
              await service.publish(state.deleted ? 'product.deleted' : 'product.updated', state);
            }
          }
          await settled();
          expect(await copyOf(id)).toEqual(stateOf(Math.max(...versions)));
        },
      ),
      { numRuns: 15 },
    );
  });

  it('takes no harm from a message that comes twice', async () => {
    await service.worker();
    const id = uuidv7();
    await service.publish('product.updated', seedProduct(3), id);
    await settled();
    const written = await writerOf(3);
    await service.publish('product.updated', seedProduct(3), id);
    await settled();
    expect(await copyOf(3)).toEqual(seedProduct(3));
    expect(await writerOf(3)).toEqual(written);
  });

  it('keeps nothing of an event that cannot be applied, and takes the next', async () => {
    const { messaging } = await service.worker();
    const good = seedProduct(11);
    const bad: [string, unknown][] = [
      ['product.updated', 'text'],
      ['product.updated', null],
      ['product.updated', { ...good, price: 19.99 }],
      ['product.updated', { ...good, price: '1e3' }],
      ['product.updated', { ...good, version: '2' }],
      ['product.updated', { ...good, name: undefined }],
      ['product.deleted', { ...good, deleted: 1 }],
      ['catalogue.filled', { products: 5 }],
      ['catalogue.filled', { products: [good, { ...good, id: 12, category: null }] }],
    ];
    for (const [routingKey, body] of bad) {
      await service.publish(routingKey, body).catch(() => undefined);
    }
    await settled();
    expect(await copyOf(11)).toBeUndefined();
    const letters = await waitFor(async () => {
      const all = await messaging.deadLetters(productsQueue, 100);
      return all.length === bad.length ? all : undefined;
    });
    expect(letters.map(({ attempts }) => attempts)).toEqual(bad.map(() => 1));
  });

  it('takes an empty catalogue', async () => {
    const { messaging } = await service.worker();
    await service.publish('catalogue.filled', { products: [] });
    await settled();
    expect(await messaging.deadLetters(productsQueue, 10)).toEqual([]);
  });
});
