import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { decodeCursor, pageOf } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import type { LogisticsCache } from './caches.ts';
import type { components, operations } from './contract.ts';
import { restockRecorded } from './events.ts';
import { explainRefusal } from './movements.ts';
import { insertRestock, selectRestocks } from './restocks-repository.ts';
import type { RestockRow } from './restocks-repository.ts';

export interface RestocksDependencies {
  readonly database: Database;
  readonly cached: Pick<LogisticsCache, 'stock'>;
  /** Called once a write has been committed with its outbox row. */
  readonly committed: () => void;
}

export function createRestocks({
  database,
  cached,
  committed,
}: RestocksDependencies): Pick<Handlers<operations>, 'listRestocks' | 'recordRestock'> {
  return {
    listRestocks: async ({ query: { limit = 50, cursor } }) => {
      const before =
        cursor === undefined
          ? Number.MAX_SAFE_INTEGER
          : decodeCursor(cursor, { restocksBefore: 'integer' }).restocksBefore;
      const rows = await selectRestocks(database, { before, limit: limit + 1 });
      const body = pageOf(rows.map(present), limit, ({ id }) => ({ restocksBefore: id }));
      return { status: 200, body };
    },

    recordRestock: async ({ params: { id: storeId }, body: { productId, quantity } }) => {
      const restock = await database.transaction(async (transaction) => {
        const inserted = await insertRestock(transaction, { storeId, productId, quantity });
        if (inserted === undefined) {
          throw await explainRefusal(transaction, { storeId, productId, quantity });
        }
        enqueue(transaction, restockRecorded(inserted));
        transaction.afterCommit(committed);
        return inserted;
      });
      await cached.stock.invalidate(String(storeId));
      const { productName, stock } = restock;
      return { status: 201, body: { ...present(restock), productName, stock } };
    },
  };
}

function present(row: RestockRow): components['schemas']['Restock'] {
  const { id, storeId, productId, productName, quantity, restockedAt } = row;
  return { id, storeId, productId, productName, quantity, restockedAt: restockedAt.toISOString() };
}
