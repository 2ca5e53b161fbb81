import { readFileSync } from 'node:fs';
import { createOutboxRelay } from '@woodytoys/database';
import type { OutboxRelay } from '@woodytoys/database';
import type { AppDependencies } from '@woodytoys/runtime';
import { createApi, parseContract } from '@woodytoys/service';
import type { App } from '@woodytoys/service';
import { createAnalytics } from './analytics.ts';
import { createLogisticsCache } from './caches.ts';
import { requestCatalogue } from './catalogue-copy.ts';
import { createConsolidatedReport } from './consolidated-report.ts';
import { createReportEvents } from './report-events.ts';
import type { ReportEventsOptions } from './report-events.ts';
import { createReportWatch } from './report-watch.ts';
import { countReports } from './reports-repository.ts';
import { createReports } from './reports.ts';
import { createRestocks } from './restocks.ts';
import { createSales } from './sales.ts';
import { createStock } from './stock.ts';
import { createFindStore, createStores } from './stores.ts';
import { logisticsTopology } from './topology.ts';
import type { TopologyOptions } from './topology.ts';

export { logisticsMigrations } from './migrations.ts';

export interface LogisticsOptions extends TopologyOptions, ReportEventsOptions {}

/** Shops, stock, sales and reports: the part that answers. */
export function createLogisticsApp(
  { database, cache, messaging, metrics, log, tracing }: AppDependencies,
  options: LogisticsOptions = {},
): App {
  let relay: OutboxRelay | undefined;
  let uncount: (() => void) | undefined;
  const committed = () => relay?.nudge();
  const cached = createLogisticsCache(cache);
  const findStore = createFindStore({ database, cached });

  return {
    handler: createApi({
      contract: parseContract(readFileSync(new URL('../openapi.yaml', import.meta.url), 'utf8')),
      handlers: {
        ...createStores({ database, cached }),
        ...createStock({ database, cached, findStore }),
        ...createSales({ database, cached, findStore, committed }),
        ...createRestocks({ database, cached, committed }),
        ...createAnalytics({ database, cached, findStore }),
        ...createConsolidatedReport({ database, cached }),
        ...createReports({ database, committed }),
        ...createReportEvents({ database, watch: createReportWatch({ database }) }, options),
      },
      service: 'logistics',
      log,
      http: metrics.http,
      tracing,
    }),
    start: async () => {
      await messaging.declare(logisticsTopology(options));
      relay = createOutboxRelay({
        database,
        publish: (message) => messaging.publish(message),
        log,
        metrics,
      });
      uncount = metrics.jobs('report', () => countReports(database));
      await requestCatalogue(database, committed);
    },
    stop: async () => {
      uncount?.();
      await relay?.stop();
    },
  };
}
