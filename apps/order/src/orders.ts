import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { problem } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import { v7 as uuidv7 } from 'uuid';
import type { components, operations } from './contract.ts';
import { orderPlaced } from './events.ts';
import { insertOrder, selectOrder } from './orders-repository.ts';
import type { StoredOrder } from './orders-repository.ts';

export interface OrdersDependencies {
  readonly database: Database;
  /** Called once an order has been committed with its outbox row. */
  readonly committed: () => void;
}

/** Takes orders, and tells what became of them; workers decide. */
export function createOrders({
  database,
  committed,
}: OrdersDependencies): Pick<Handlers<operations>, 'placeOrder' | 'getOrder'> {
  return {
    placeOrder: async ({ body: { product } }) => {
      const id = uuidv7();
      const order = await database.transaction(async (transaction) => {
        const inserted = await insertOrder(transaction, { id, product });
        await enqueue(transaction, orderPlaced(id));
        transaction.afterCommit(committed);
        return inserted;
      });
      return { status: 202, headers: { Location: `/api/orders/${id}` }, body: present(order) };
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
