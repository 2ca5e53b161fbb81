import type { Database } from '@woodytoys/database';
import { decodeCursor, pageOf } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import type { LogisticsCache } from './caches.ts';
import type { components, operations } from './contract.ts';
import { toAmount } from './money.ts';
import { selectStock } from './stock-repository.ts';
import type { StockRow } from './stock-repository.ts';
import type { FindStore } from './stores.ts';

export interface StockDependencies {
  readonly database: Database;
  readonly cached: Pick<LogisticsCache, 'stock'>;
  readonly findStore: FindStore;
}

export function createStock({
  database,
  cached,
  findStore,
}: StockDependencies): Pick<Handlers<operations>, 'listStock'> {
  return {
    listStock: async ({ params: { id: storeId }, query: { limit = 50, cursor, name } }) => {
      const after =
        cursor === undefined ? 0 : decodeCursor(cursor, { stockAfter: 'integer' }).stockAfter;
      await findStore(storeId);
      const page = `${after}:${limit}:${name ?? ''}`;
      const body = await cached.stock.get(String(storeId), page, async () => {
        const rows = await selectStock(database, { storeId, after, limit: limit + 1, name });
        return pageOf(rows.map(present), limit, ({ productId }) => ({ stockAfter: productId }));
      });
      return { status: 200, body };
    },
  };
}

function present(row: StockRow): components['schemas']['StockItem'] {
  const { priceCents, ...rest } = row;
  return { ...rest, unitPrice: priceCents === null ? null : toAmount(priceCents) };
}
