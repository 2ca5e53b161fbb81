import { createCleaner } from '@woodytoys/database';
import type { Consumer } from '@woodytoys/messaging';
import type { AppDependencies } from '@woodytoys/runtime';
import type { App } from '@woodytoys/service';
import { createLogisticsCache } from './caches.ts';
import { createCatalogueCopy } from './catalogue-copy.ts';
import { removeOldReports } from './report-job-repository.ts';
import { createReportJob } from './report-job.ts';
import {
  logisticsTopology,
  productBatch,
  productsQueue,
  reportAttempts,
  reportsQueue,
} from './topology.ts';
import type { TopologyOptions } from './topology.ts';

export interface WorkerOptions extends TopologyOptions {
  /** How long a report is kept after its end, in days; 30 unless given. */
  readonly reportRetentionDays?: number;
}

/** Shops, stock, sales and reports: the part that works in the background. */
export function createLogisticsWorker(
  { database, cache, messaging, log }: Omit<AppDependencies, 'metrics'>,
  { reportRetentionDays = 30, ...topology }: WorkerOptions = {},
): App {
  const cached = createLogisticsCache(cache);
  let parts: readonly Pick<Consumer, 'stop'>[] = [];

  return {
    start: async () => {
      await messaging.declare(logisticsTopology(topology));
      parts = await Promise.all([
        messaging.consume(productsQueue, createCatalogueCopy({ database, cached }), {
          prefetch: productBatch,
        }),
        messaging.consume(
          reportsQueue,
          createReportJob({ database, log, attempts: reportAttempts(topology) }),
          { prefetch: 2 },
        ),
        createCleaner({
          what: 'reports',
          removeSome: () => removeOldReports(database, reportRetentionDays),
          log,
        }),
      ]);
    },
    stop: async () => {
      await Promise.all(parts.map((part) => part.stop()));
    },
  };
}
