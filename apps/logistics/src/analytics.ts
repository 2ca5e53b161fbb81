import type { Database } from '@woodytoys/database';
import type { Handlers } from '@woodytoys/service';
import {
  selectBestSellersOfShop,
  selectDaysOfShop,
  selectTotalsOfShop,
} from './analytics-repository.ts';
import type { DayRow } from './analytics-repository.ts';
import type { LogisticsCache } from './caches.ts';
import type { components, operations } from './contract.ts';
import { presentBestSeller, presentTotals } from './figures.ts';
import { toAmount } from './money.ts';
import type { FindStore } from './stores.ts';
import type { Store } from './stores-repository.ts';

type Schemas = components['schemas'];

export interface AnalyticsDependencies {
  readonly database: Database;
  readonly cached: Pick<LogisticsCache, 'analytics'>;
  readonly findStore: FindStore;
}

export function createAnalytics({
  database,
  cached,
  findStore,
}: AnalyticsDependencies): Pick<Handlers<operations>, 'getStoreAnalytics'> {
  return {
    getStoreAnalytics: async ({ params: { id }, query: { days = 30 } }) => {
      const store = await findStore(id);
      const load = () => loadAnalytics(database, store, days);
      const body = (await cached.analytics.get(`${id}:${days}`, load)) ?? (await load());
      return { status: 200, body };
    },
  };
}

async function loadAnalytics(
  database: Database,
  store: Store,
  days: number,
): Promise<Schemas['StoreAnalytics']> {
  // One snapshot, so that the days do not tell of sales that the totals do not count.
  const [totals, bestSellers, daily] = await database.transaction(
    async (transaction) => [
      await selectTotalsOfShop(transaction, store.id),
      await selectBestSellersOfShop(transaction, store.id),
      await selectDaysOfShop(transaction, store.id, days),
    ],
    { isolation: 'repeatable read' },
  );
  if (totals === undefined) throw new Error('An aggregate without GROUP BY gave no row.');
  return {
    generatedAt: new Date().toISOString(),
    store,
    totals: presentTotals(totals),
    bestSellers: bestSellers.map(presentBestSeller),
    daily: daily.map(presentDay),
  };
}

function presentDay({ date, sales, unitsSold, revenueCents }: DayRow): Schemas['DayFigures'] {
  return { date, sales, unitsSold, revenue: toAmount(revenueCents) };
}
