import { applyOnce, enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import type { Handler } from '@woodytoys/messaging';
import { catalogueFilled, catalogueRequestsQueue } from './events.ts';
import { selectProductsEvenDeleted } from './products-repository.ts';

/** How many products one `catalogue.filled` carries: about 90 kB. */
const chunk = 500;

export interface CatalogueRequestsDependencies {
  readonly database: Database;
  /** Called once the answer has been committed to the outbox. */
  readonly committed: () => void;
}

/**
 * Answers `catalogue.requested` with the whole catalogue in `catalogue.filled` events, at least one.
 * Deleted products are told too: otherwise a late event about an earlier version would bring one
 * back in the copy.
 */
export function createCatalogueRequestHandler({
  database,
  committed,
}: CatalogueRequestsDependencies): Handler {
  return async ({ id }) => {
    await database.transaction(async (transaction) => {
      if (!(await applyOnce(transaction, catalogueRequestsQueue, id))) return;
      let after = 0;
      let more = true;
      while (more) {
        const products = await selectProductsEvenDeleted(transaction, { after, limit: chunk });
        more = products.length === chunk;
        if (products.length > 0 || after === 0) {
          enqueue(transaction, catalogueFilled(products));
        }
        after = products.at(-1)?.id ?? after;
      }
      transaction.afterCommit(committed);
    });
  };
}
