import { enqueue } from '@woodytoys/database';
import type { Database } from '@woodytoys/database';
import { PermanentError, createBatcher } from '@woodytoys/messaging';
import type { Delivery, Handler } from '@woodytoys/messaging';
import type { LogisticsCache } from './caches.ts';
import { applyProductCopies, claimCatalogueRequest } from './catalogue-repository.ts';
import type { ProductCopy } from './catalogue-repository.ts';
import { catalogueRequested } from './events.ts';
import { parseAmount } from './money.ts';
import { productBatch } from './topology.ts';

/** An answer that has not come for so long is asked for again by the next process that starts. */
const requestPauseMs = 60_000;

export interface CatalogueCopyDependencies {
  readonly database: Database;
  /** Both show names, and stock shows prices. */
  readonly cached: Pick<LogisticsCache, 'stock' | 'sales'>;
}

/**
 * Keeps the copy of the catalogue by the product service's events, whatever order they come in and
 * how often: only a greater version changes a copy, so that no inbox is needed.
 */
export function createCatalogueCopy({ database, cached }: CatalogueCopyDependencies): Handler {
  const apply = createBatcher<readonly ProductCopy[]>(
    async (batch) => {
      const copies = newestOf(batch.flat());
      if (copies.length === 0) return;
      await applyProductCopies(database, copies);
      await Promise.all([cached.stock.clear(), cached.sales.clear()]);
    },
    { max: productBatch },
  );
  return async (delivery) => apply(copiesOf(delivery));
}

/** Each product once, in its greatest version. */
function newestOf(copies: readonly ProductCopy[]): readonly ProductCopy[] {
  const newest = new Map<number, ProductCopy>();
  for (const copy of copies) {
    if (copy.version >= (newest.get(copy.id)?.version ?? 0)) newest.set(copy.id, copy);
  }
  return [...newest.values()];
}

/**
 * Asks for the whole catalogue when there is no copy of it. Of many replicas that start at once, one
 * asks.
 * @param committed called once the question has been committed to the outbox
 */
export async function requestCatalogue(database: Database, committed: () => void): Promise<void> {
  await database.transaction(async (transaction) => {
    if (!(await claimCatalogueRequest(transaction, requestPauseMs))) return;
    enqueue(transaction, catalogueRequested());
    transaction.afterCommit(committed);
  });
}

/** `catalogue.filled` carries many products, `product.updated` and `product.deleted` one each. */
function copiesOf({ id, routingKey, body }: Delivery): ProductCopy[] {
  const products = routingKey === 'catalogue.filled' ? fieldOf(body, 'products') : [body];
  if (!Array.isArray(products)) {
    throw new PermanentError(`${routingKey} ${id} has no list "products"; it cannot be applied`);
  }
  try {
    return products.map(readProduct);
  } catch (error) {
    throw new PermanentError(`${routingKey} ${id} cannot be applied: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function readProduct(product: unknown): ProductCopy {
  const id = fieldOf(product, 'id');
  const name = fieldOf(product, 'name');
  const price = fieldOf(product, 'price');
  // Messages from before it was told have none.
  const description = fieldOf(product, 'description') ?? '';
  const category = fieldOf(product, 'category');
  const version = fieldOf(product, 'version');
  const deleted = fieldOf(product, 'deleted');
  if (
    !Number.isSafeInteger(id) ||
    !Number.isSafeInteger(version) ||
    typeof name !== 'string' ||
    typeof price !== 'string' ||
    typeof description !== 'string' ||
    typeof category !== 'string' ||
    typeof deleted !== 'boolean'
  ) {
    throw new TypeError(
      'a product lacks one of id, version (integers), name, price, description, category (texts) and deleted',
    );
  }
  return {
    id: id as number,
    name,
    priceCents: parseAmount(price),
    description,
    category,
    version: version as number,
    deleted,
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
