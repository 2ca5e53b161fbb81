import { v7 as uuidv7 } from 'uuid';
import type { NewOutboxMessage, Statement, Transaction } from '../types.ts';

const insert: Statement = {
  name: 'outbox-insert',
  text: `INSERT INTO outbox (id, exchange, routing_key, body, headers, mandatory)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::json[], $5::json[], $6::bool[])`,
};

/**
 * Saves messages in the transaction of the data they tell of: both are kept, or neither. They are
 * written with the commit. Nudge the relay after it (`transaction.afterCommit(relay.nudge)`), or it
 * looks at its next interval. The messages carry the trace of the transaction, so that what they set
 * off is part of it.
 */
export function enqueue(transaction: Transaction, ...messages: readonly NewOutboxMessage[]): void {
  if (messages.length === 0) return;
  const { traceparent } = transaction;
  const trace = traceparent === undefined ? {} : { traceparent };
  transaction.beforeCommit(insert, [
    messages.map(({ id }) => id ?? uuidv7()),
    messages.map(({ exchange }) => exchange),
    messages.map(({ routingKey }) => routingKey),
    messages.map(({ body }) => JSON.stringify(body ?? null)),
    messages.map(({ headers }) => JSON.stringify({ ...trace, ...headers })),
    messages.map(({ mandatory }) => mandatory ?? false),
  ]);
}
