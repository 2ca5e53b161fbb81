import type { Database } from '@woodytoys/database';
import { PermanentError, uuidIn } from '@woodytoys/messaging';
import type { Handler } from '@woodytoys/messaging';
import type { Logger } from '@woodytoys/service';
import type { components } from './contract.ts';
import { presentBestSeller, presentTotals, sumTotals } from './figures.ts';
import {
  isCatalogueMissing,
  saveFailure,
  saveResult,
  saveShop,
  selectBestSellersUntil,
  selectFiguresOfShop,
  selectShops,
  selectStoresLeft,
  takeReportJob,
} from './report-job-repository.ts';
import type { TakenReport } from './report-job-repository.ts';
import { selectReport } from './reports-repository.ts';

export interface ReportJobDependencies {
  readonly database: Database;
  readonly log: Logger;
  /** How often a report is tried before it fails. */
  readonly attempts: number;
}

/**
 * Makes a report, shop by shop. The worker that took it last owns it: taking it raises its fence,
 * and whoever works under an older one writes nothing more. That is safe because each taker holds a
 * message of its own, unacknowledged, so the present owner's death brings the job back. What was
 * saved is kept, so the next worker goes on from there, and a message that comes twice costs one
 * shop's work at most.
 */
export function createReportJob({ database, log, attempts }: ReportJobDependencies): Handler {
  return async (delivery) => {
    const id = uuidIn(delivery, 'reportId');
    const taken = await takeReportJob(database, id);
    if (taken === undefined) {
      if ((await selectReport(database, id)) !== undefined) return;
      throw new PermanentError(`There is no report ${id}; message ${delivery.id} asks for it`);
    }
    try {
      const ended = await work(id, taken, delivery.signal);
      log.info({ reportId: id, fence: taken.fence }, ended ? 'Report done' : 'Report taken over');
    } catch (error) {
      // A process that drains hands the job on; that is no failure.
      if (delivery.attempt >= attempts && !delivery.signal.aborted) {
        await saveFailure(database, id, taken.fence, failureAfter(attempts));
      }
      throw error;
    }
  };

  /** False when another worker has taken the report meanwhile. */
  async function work(
    id: string,
    { fence, createdAt }: TakenReport,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (await isCatalogueMissing(database)) {
      throw new Error(
        'The catalogue has not come from the product service yet, so the stock has no prices; the ' +
          'report is tried again. See that the product service is up.',
      );
    }
    for (const store of await selectStoresLeft(database, id)) {
      signal.throwIfAborted();
      const { bestSellers, ...totals } = await selectFiguresOfShop(database, store.id, createdAt);
      const figures: components['schemas']['ShopFigures'] = {
        store,
        totals: presentTotals(totals),
        bestSellers: bestSellers.map(presentBestSeller),
      };
      if (!(await saveShop(database, id, fence, figures))) return false;
    }
    signal.throwIfAborted();
    const bestSellers = await selectBestSellersUntil(database, createdAt);
    const shops = await selectShops(database, id);
    return saveResult(database, id, fence, {
      generatedAt: createdAt.toISOString(),
      totals: sumTotals(shops),
      bestSellers: bestSellers.map(presentBestSeller),
      shops,
    });
  }
}

function failureAfter(attempts: number): string {
  return (
    `The report could not be made in ${attempts} attempts. Ask for a new one; the worker's log ` +
    "and the dead letter, under this report's id, hold the cause."
  );
}
