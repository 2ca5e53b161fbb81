import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { createBatcher } from '@woodytoys/messaging';
import type { AppDependencies } from '@woodytoys/runtime';
import { problem } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import { v7 as uuidv7 } from 'uuid';
import type { components, operations } from './contract.ts';
import { orderPlaced } from './events.ts';
import { insertOrders, selectOrder } from './orders-repository.ts';
import type { NewOrder, StoredOrder } from './orders-repository.ts';

export interface OrdersDependencies {
  readonly database: Database;
  /** Called once orders have been committed with their outbox rows. */
  readonly committed: () => void;
  readonly tracing: AppDependencies['tracing'];
}

/** An order on its way into the database. */
interface PlacedOrder extends NewOrder {
  /** Of the request, which the order's message goes on; a batch has orders of many. */
  readonly traceparent: string | undefined;
}

/**
 * Of orders in one transaction. A transaction under a peak waits for the cores more than it works, so
 * one that takes more orders makes each of them wait less.
 */
const mostTogether = 500;

/**
 * Takes orders, and tells what became of them; workers decide. Orders that come while a transaction
 * runs share the next one, so that a peak costs the database few commits; each is answered once its
 * own has committed.
 */
export function createOrders({
  database,
  committed,
  tracing,
}: OrdersDependencies): Pick<Handlers<operations>, 'placeOrder' | 'getOrder'> {
  const save = createBatcher<PlacedOrder>(
    (orders) =>
      database.transaction(async (transaction) => {
        await insertOrders(transaction, orders);
        enqueue(transaction, ...orders.map(orderPlaced));
        transaction.afterCommit(committed);
      }),
    // What the contract let through can be stored: a failure is the database's, and would come again.
    { max: mostTogether, lingerMs: 0, retryEach: false },
  );

  return {
    placeOrder: async ({ body: { product } }) => {
      const order = { id: uuidv7(), product, createdAt: new Date() };
      await save({ ...order, traceparent: tracing?.current()?.traceparent });
      return {
        status: 202,
        headers: { Location: `/api/orders/${order.id}` },
        body: present({ ...order, status: 'pending', reason: null, decidedAt: null }),
      };
    },

    getOrder: async ({ params: { id } }) => {
      const order = await selectOrder(database, id);
      if (order === undefined) throw problem('WT-RESOURCE-NOT-FOUND', `There is no order ${id}.`);
      return { status: 200, body: present(order) };
    },
  };
}

function present({
  id,
  product,
  status,
  reason,
  createdAt,
  decidedAt,
}: StoredOrder): components['schemas']['Order'] {
  return {
    id,
    product,
    status,
    reason,
    createdAt: createdAt.toISOString(),
    decidedAt: decidedAt?.toISOString() ?? null,
  };
}
