import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { PermanentError, createBatcher, uuidIn } from '@woodytoys/messaging';
import type { Handler } from '@woodytoys/messaging';
import type { AppDependencies } from '@woodytoys/runtime';
import { orderDecided } from './events.ts';
import { saveDecisions, selectOrder } from './orders-repository.ts';
import type { Decision, Validate } from './validation.ts';

export interface ValidationJobDependencies {
  readonly database: Database;
  readonly validate: Validate;
  /** Called once decisions have been committed with their outbox rows. */
  readonly committed: () => void;
  readonly tracing: AppDependencies['tracing'];
}

interface DecidedOrder {
  readonly id: string;
  readonly product: string;
  readonly decision: Decision;
  /** Of the message that asked for it. */
  readonly traceparent: string | undefined;
}

/**
 * Decides on one order; a message that comes twice finds it decided, and changes nothing. Decisions
 * that are made while a transaction runs share the next one.
 */
export function createValidationJob({
  database,
  validate,
  committed,
  tracing,
}: ValidationJobDependencies): Handler {
  const save = createBatcher<DecidedOrder>(
    (orders) =>
      database.transaction(async (transaction) => {
        // Another worker may have had the same message meanwhile.
        const decided = await saveDecisions(transaction, orders);
        const news = orders.filter(({ id }) => decided.has(id));
        enqueue(transaction, ...news.map(orderDecided));
        transaction.afterCommit(committed);
      }),
    { lingerMs: 0 },
  );

  return async (delivery) => {
    const id = uuidIn(delivery, 'orderId');
    const order = await selectOrder(database, id);
    if (order === undefined) {
      throw new PermanentError(`There is no order ${id}; message ${delivery.id} asks for it`);
    }
    if (order.status !== 'pending') return;
    const { product } = order;
    const decision = await validate(product, delivery.signal);
    await save({ id, product, decision, traceparent: tracing?.current()?.traceparent });
  };
}
