import { describeInBothWorlds } from '@woodytoys/app-testing';
import type { Client, Replica } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { v7 as uuidv7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { components } from '../src/contract.ts';
import { insertOrders } from '../src/orders-repository.ts';
import { commandsExchange, ordersQueue, routingKeys } from '../src/topology.ts';
import { startOrderService } from './start.ts';
import type { OrderService } from './start.ts';

type Order = components['schemas']['Order'];

describeInBothWorlds('orders', (createWorld) => {
  let service: OrderService;
  let replica: Replica;
  let client: Client;

  beforeEach(async () => {
    service = await startOrderService(await createWorld());
    replica = await service.replica();
    ({ client } = replica);
  });
  afterEach(() => service?.close());

  const place = async (product: string) => {
    const { status, headers, body } = await client.post<Order>('/orders', { product });
    expect(status).toBe(202);
    expect(headers['location']).toBe(`/api/orders/${body.id}`);
    return body;
  };
  const order = async (id: string) => (await client.get<Order>(`/orders/${id}`)).body;
  const decided = async (id: string) => {
    await waitFor(async () => (await order(id)).status !== 'pending');
    return order(id);
  };

  it('are taken at once, and pending as long as there is no worker', async () => {
    const placed = await place('Yoyo');
    expect(placed).toMatchObject({
      product: 'Yoyo',
      status: 'pending',
      reason: null,
      decidedAt: null,
    });
    expect(await order(placed.id)).toEqual(placed);
  });

  it('are validated by a worker that comes later, on whichever replica they are asked for', async () => {
    const { id } = await place('Joli train');
    await service.worker();
    expect(await decided(id)).toMatchObject({ status: 'validated', reason: null });
    const { client: other } = await service.replica();
    expect((await other.get<Order>(`/orders/${id}`)).body).toEqual(await order(id));
  });

  it('are refused with the reason when the product has no name worth it', async () => {
    await service.worker();
    const { id } = await place('?!');
    const { status, reason, decidedAt } = await decided(id);
    expect({ status, reason }).toEqual({
      status: 'refused',
      reason: 'The product has neither a letter nor a digit in its name.',
    });
    expect(Date.parse(decidedAt as string)).toBeGreaterThan(0);
  });

  it('are each decided on once, by several workers', async () => {
    const workers = await Promise.all([1, 2, 3].map(() => service.worker({ validationMs: 5 })));
    const placed = await Promise.all(
      Array.from({ length: 60 }, (_, index) => place(`toy ${index}`)),
    );
    await waitFor(async () => {
      const [row] = await replica.database.query<{ left: number }>(
        "SELECT count(*) AS left FROM orders WHERE status = 'pending'",
      );
      return row?.left === 0;
    });
    for (const { id } of placed) expect((await order(id)).status).toBe('validated');
    await waitFor(async () => (await replica.database.query('SELECT id FROM outbox')).length === 0);
    for (const worker of workers) await worker.stop();
  });

  it('that a worker had in hand when it stopped are decided on by the next', async () => {
    const first = await service.worker({ validationMs: 60_000 });
    const { id } = await place('Yoyo');
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stopped = first.stop();
    await service.worker();
    await stopped;
    expect((await decided(id)).status).toBe('validated');
  });

  describe('whose message', () => {
    const send = (body: object) =>
      replica.messaging.publish({
        id: uuidv7(),
        exchange: commandsExchange,
        routingKey: routingKeys.orderPlaced,
        body,
        mandatory: true,
      });
    const stored = async (product: string) => {
      const id = uuidv7();
      await insertOrders(replica.database, [{ id, product, createdAt: new Date() }]);
      return id;
    };
    const letters = () => replica.messaging.deadLetters(ordersQueue, 10);

    it('is of the version that sent the id alone are decided on too', async () => {
      await service.worker();
      const id = await stored('Yoyo');
      await send({ orderId: id });
      expect(await decided(id)).toMatchObject({ status: 'validated' });
    });

    it('comes again stay as they were decided', async () => {
      await service.worker();
      const id = await stored('Yoyo');
      await send({ orderId: id, product: 'Yoyo' });
      const first = await decided(id);
      await send({ orderId: id, product: '?!' });
      await send({ orderId: id, product: '?!' });
      const next = await place('Train');
      await decided(next.id);
      expect(await order(id)).toEqual(first);
    });

    it('is of no order make a dead letter of it, and hold up no other', async () => {
      await service.worker();
      const orderId = uuidv7();
      // In one process it is the publisher who learns that its message was given up.
      await send({ orderId, product: 'Ghost' }).catch(() => undefined);
      await send({ orderId }).catch(() => undefined);
      const { id } = await place('Yoyo');
      await decided(id);
      await waitFor(async () => (await letters()).length === 2);
      for (const { reason, body } of await letters()) {
        expect(reason).toContain(`There is no order ${orderId}`);
        expect(body).toMatchObject({ orderId });
      }
    });
  });

  it('are 404 when they are not there', async () => {
    const { status } = await client.get('/orders/0199a6f4-3a5e-7c00-8000-000000000001');
    expect(status).toBe(404);
  });
});
