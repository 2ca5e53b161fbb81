import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { decodeCursor, pageOf } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import { salesOfAllStores } from './caches.ts';
import type { LogisticsCache } from './caches.ts';
import type { components, operations } from './contract.ts';
import { saleRecorded } from './events.ts';
import { toAmount } from './money.ts';
import { explainRefusal } from './movements.ts';
import { insertSale, selectSales } from './sales-repository.ts';
import type { SaleRow } from './sales-repository.ts';
import type { FindStore } from './stores.ts';

type SalePage = components['schemas']['SalePage'];

export interface SalesDependencies {
  readonly database: Database;
  readonly cached: Pick<LogisticsCache, 'sales' | 'stock'>;
  readonly findStore: FindStore;
  /** Called once a write has been committed with its outbox row. */
  readonly committed: () => void;
}

export function createSales({
  database,
  cached,
  findStore,
  committed,
}: SalesDependencies): Pick<Handlers<operations>, 'listSales' | 'listStoreSales' | 'recordSale'> {
  async function loadPage(range: Parameters<typeof selectSales>[1]): Promise<SalePage> {
    const rows = await selectSales(database, { ...range, limit: range.limit + 1 });
    return pageOf(rows.map(present), range.limit, ({ id }) => ({ salesBefore: id }));
  }

  return {
    listSales: async ({ query: { limit = 50, cursor } }) => {
      const before = beforeOf(cursor);
      const body = await cached.sales.get(salesOfAllStores, `${before}:${limit}`, () =>
        loadPage({ before, limit }),
      );
      return { status: 200, body };
    },

    listStoreSales: async ({ params: { id: storeId }, query: { limit = 50, cursor } }) => {
      const before = beforeOf(cursor);
      await findStore(storeId);
      const body = await cached.sales.get(String(storeId), `${before}:${limit}`, () =>
        loadPage({ storeId, before, limit }),
      );
      return { status: 200, body };
    },

    recordSale: async ({ params: { id: storeId }, body: { productId, quantity } }) => {
      const sale = await database.transaction(async (transaction) => {
        const inserted = await insertSale(transaction, { storeId, productId, quantity });
        if (inserted === undefined) {
          throw await explainRefusal(transaction, { storeId, productId, quantity });
        }
        enqueue(transaction, saleRecorded(inserted));
        transaction.afterCommit(committed);
        return inserted;
      });
      await Promise.all([
        cached.stock.invalidate(String(storeId)),
        cached.sales.invalidate(String(storeId), salesOfAllStores),
      ]);
      const { productName, stock } = sale;
      return { status: 201, body: { ...present(sale), productName, stock } };
    },
  };
}

function beforeOf(cursor: string | undefined): number {
  return cursor === undefined
    ? Number.MAX_SAFE_INTEGER
    : decodeCursor(cursor, { salesBefore: 'integer' }).salesBefore;
}

function present(row: SaleRow): components['schemas']['Sale'] {
  const { id, storeId, productId, productName, quantity, unitPriceCents, soldAt } = row;
  return {
    id,
    storeId,
    productId,
    productName,
    quantity,
    unitPrice: toAmount(unitPriceCents),
    total: toAmount(quantity * unitPriceCents),
    soldAt: soldAt.toISOString(),
  };
}
