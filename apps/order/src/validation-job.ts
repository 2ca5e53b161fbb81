import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { PermanentError } from '@woodytoys/messaging';
import type { Delivery, Handler } from '@woodytoys/messaging';
import { orderDecided } from './events.ts';
import type { OrderPlaced } from './events.ts';
import { saveDecision, selectOrder } from './orders-repository.ts';
import type { Validate } from './validation.ts';

export interface ValidationJobDependencies {
  readonly database: Database;
  readonly validate: Validate;
  /** Called once a decision has been committed with its outbox row. */
  readonly committed: () => void;
}

/** Decides on one order; a message that comes twice finds it decided, and changes nothing. */
export function createValidationJob({
  database,
  validate,
  committed,
}: ValidationJobDependencies): Handler {
  return async (delivery) => {
    const id = orderIdOf(delivery);
    const order = await selectOrder(database, id);
    if (order === undefined) {
      throw new PermanentError(`There is no order ${id}; message ${delivery.id} asks for it`);
    }
    if (order.status !== 'pending') return;
    const { product } = order;
    const decision = await validate(product, delivery.signal);
    await database.transaction(async (transaction) => {
      // Another worker may have had the same message meanwhile.
      if (!(await saveDecision(transaction, id, decision))) return;
      await enqueue(transaction, orderDecided({ orderId: id, product, status: decision.status }));
      transaction.afterCommit(committed);
    });
  };
}

function orderIdOf({ id, body }: Delivery): string {
  const orderId = (body as Partial<OrderPlaced> | null)?.orderId;
  if (typeof orderId !== 'string' || !/^[0-9a-f-]{36}$/i.test(orderId)) {
    throw new PermanentError(`Message ${id} has no "orderId"; expected the UUID of an order`);
  }
  return orderId;
}
