import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { PermanentError, createBatcher, uuidIn } from '@woodytoys/messaging';
import type { Delivery, Handler } from '@woodytoys/messaging';
import type { AppDependencies } from '@woodytoys/runtime';
import { orderDecided } from './events.ts';
import type { OrderPlaced } from './events.ts';
import { saveDecisions, selectOrder } from './orders-repository.ts';
import type { StoredOrder } from './orders-repository.ts';
import type { Decision, Validate } from './validation.ts';

export interface ValidationJobDependencies {
  readonly database: Database;
  readonly validate: Validate;
  /** Called once decisions have been committed with their outbox rows. */
  readonly committed: () => void;
  readonly tracing: AppDependencies['tracing'];
  /** As many as are decided on at once: when all of them are decided, none waits for another. */
  readonly prefetch: number;
}

/**
 * How long a decision waits for others unless all that a worker has in hand are made. Of many workers
 * each has few at a time, and would commit nearly each of them alone.
 */
const lingerMs = 200;

/** What a commit takes on a machine with cores to spare; the rest of its time it waits for them. */
const quickMs = 10;

/**
 * Gives way to orders that come in, for which somebody waits: a worker rests twenty times as long as its
 * commit waited, and at most a second. Alone with the machine it hardly rests.
 */
function restMs(tookMs: number): number {
  return Math.min(1_000, 20 * Math.max(0, tookMs - quickMs));
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
 * share a transaction: nobody waits for one, so each waits a moment for others.
 */
export function createValidationJob({
  database,
  validate,
  committed,
  tracing,
  prefetch,
}: ValidationJobDependencies): Handler {
  const save = createBatcher<DecidedOrder, boolean>(
    (orders) =>
      database.transaction(async (transaction) => {
        // Another worker may have had the same message meanwhile.
        const decided = await saveDecisions(transaction, orders);
        const news = orders.filter(({ id }) => decided.has(id));
        enqueue(transaction, ...news.map(orderDecided));
        transaction.afterCommit(committed);
        return orders.map(({ id }) => decided.has(id));
      }),
    { max: prefetch, lingerMs, restMs },
  );

  async function storedOrder(id: string, delivery: Delivery): Promise<StoredOrder> {
    const order = await selectOrder(database, id);
    if (order !== undefined) return order;
    throw new PermanentError(`There is no order ${id}; message ${delivery.id} asks for it`);
  }

  return async (delivery) => {
    const id = uuidIn(delivery, 'orderId');
    const product = productIn(delivery) ?? (await storedOrder(id, delivery)).product;
    const decision = await validate(product, delivery.signal);
    const traceparent = tracing?.current()?.traceparent;
    const isNews = await save({ id, product, decision, traceparent });
    // Decided already, unless it never was.
    if (!isNews) await storedOrder(id, delivery);
  };
}

/** Undefined in a message of the versions that sent the order's id alone. */
function productIn({ body }: Delivery): string | undefined {
  const { product } = body as Partial<OrderPlaced>;
  return typeof product === 'string' ? product : undefined;
}
