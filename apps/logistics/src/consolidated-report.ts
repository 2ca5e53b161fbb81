import type { Database } from '@woodytoys/database';
import type { Handlers } from '@woodytoys/service';
import type { LogisticsCache } from './caches.ts';
import {
  selectBestSellers,
  selectBestSellersOfShops,
  selectTotalsOfShops,
} from './consolidated-report-repository.ts';
import type { components, operations } from './contract.ts';
import { presentBestSeller, presentTotals, sumTotals } from './figures.ts';

type ReportResult = components['schemas']['ReportResult'];

export interface ConsolidatedReportDependencies {
  readonly database: Database;
  readonly cached: Pick<LogisticsCache, 'consolidated'>;
}

export function createConsolidatedReport({
  database,
  cached,
}: ConsolidatedReportDependencies): Pick<Handlers<operations>, 'getConsolidatedReport'> {
  const load = () => loadReport(database);
  return {
    getConsolidatedReport: async () => {
      const body = (await cached.consolidated.get('all', load)) ?? (await load());
      return { status: 200, body };
    },
  };
}

async function loadReport(database: Database): Promise<ReportResult> {
  // One snapshot for the three queries, so that the best sellers belong to the totals.
  const [totals, ofShops, ofAll] = await database.transaction(
    async (transaction) => [
      await selectTotalsOfShops(transaction),
      await selectBestSellersOfShops(transaction),
      await selectBestSellers(transaction),
    ],
    { isolation: 'repeatable read' },
  );
  const shops = totals.map(({ id, name, city, ...row }) => ({
    store: { id, name, city },
    totals: presentTotals(row),
    bestSellers: ofShops.filter(({ storeId }) => storeId === id).map(presentBestSeller),
  }));
  return {
    generatedAt: new Date().toISOString(),
    totals: sumTotals(shops),
    bestSellers: ofAll.map(presentBestSeller),
    shops,
  };
}
