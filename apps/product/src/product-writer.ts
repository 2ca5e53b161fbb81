import { enqueue, sqlStateOf } from '@woodytoys/database';
import type { Database, Transaction } from '@woodytoys/database';
import { createBatcher } from '@woodytoys/messaging';
import type { AppDependencies } from '@woodytoys/runtime';
import { applyChanges, isRefusal } from './apply-changes.ts';
import type { Outcome } from './apply-changes.ts';
import { productChanged } from './events.ts';
import { lastKey } from './products-cache.ts';
import type { ProductCache } from './products-cache.ts';
import { deleteProduct, insertProduct } from './products-repository.ts';
import type {
  ExpectedVersions,
  NewProduct,
  ProductChange,
  StoredProduct,
} from './products-repository.ts';
import { notFound, refusalsOf } from './refusals.ts';

export interface ProductWriterDependencies {
  readonly database: Database;
  readonly cached: Pick<ProductCache, 'forget' | 'last'>;
  /** Called once writes have been committed with their outbox rows. */
  readonly committed: () => void;
  readonly tracing: AppDependencies['tracing'];
}

/**
 * Writes products. What resolves has been committed with its event, and the caches have been told;
 * what meets no product, or none in an expected version, rejects with the problem that says so.
 */
export interface ProductWriter {
  add(product: NewProduct): Promise<StoredProduct>;
  change(change: ProductChange): Promise<StoredProduct>;
  remove(id: number, expected: ExpectedVersions): Promise<void>;
}

/** A change on its way into the database. */
interface WaitingChange extends ProductChange {
  /** Of the request, which the event goes on; a batch has changes of many. */
  readonly traceparent: string | undefined;
}

interface Committed {
  readonly outcome: Outcome;
  /** Resolves when the caches have been told of the whole batch. */
  readonly forgotten: Promise<void>;
}

/**
 * Changes that come while a transaction runs share the next one, so that a peak costs the database
 * few commits and the cache few calls. Additions and deletions are rare, and have one each.
 */
export function createProductWriter({
  database,
  cached,
  committed,
  tracing,
}: ProductWriterDependencies): ProductWriter {
  const commit = createBatcher<WaitingChange, Committed>(
    async (changes) => {
      const outcomes = await database.transaction((transaction) => save(transaction, changes));
      // Each caller waits for the caches; the next batch need not.
      const forgotten = forgetAll(outcomes);
      return outcomes.map((outcome) => ({ outcome, forgotten }));
    },
    { lingerMs: 0, retryEach: hadNoEffect },
  );

  async function save(
    transaction: Transaction,
    changes: readonly WaitingChange[],
  ): Promise<readonly Outcome[]> {
    const outcomes = await applyChanges(transaction, changes);
    const events = outcomes.flatMap((outcome, index) =>
      isRefusal(outcome) ? [] : [productChanged(outcome, changes[index]?.traceparent)],
    );
    enqueue(transaction, ...events);
    transaction.afterCommit(committed);
    return outcomes;
  }

  async function forgetAll(outcomes: readonly Outcome[]): Promise<void> {
    const ids = outcomes.flatMap((outcome) => (isRefusal(outcome) ? [] : [outcome.id]));
    if (ids.length > 0) await cached.forget(...new Set(ids));
  }

  /** A transaction of its own, for what changes the number of products. */
  async function writeCounted(
    work: (transaction: Transaction) => Promise<StoredProduct>,
  ): Promise<StoredProduct> {
    const product = await database.transaction(async (transaction) => {
      const written = await work(transaction);
      enqueue(transaction, productChanged(written));
      transaction.afterCommit(committed);
      return written;
    });
    // Events of writes do not: the query that sees this one may run already when they come. Who dies
    // before this line leaves it 15 s old at most.
    await Promise.all([cached.forget(product.id), cached.last.invalidate(lastKey)]);
    return product;
  }

  return {
    add: (product) => writeCounted((transaction) => insertProduct(transaction, product)),

    change: async (change) => {
      const traceparent = tracing?.current()?.traceparent;
      const { outcome, forgotten } = await commit({ ...change, traceparent });
      if (isRefusal(outcome)) throw outcome;
      await forgotten;
      return outcome;
    },

    remove: async (id, expected) => {
      await writeCounted(async (transaction) => {
        const product = await deleteProduct(transaction, id, expected);
        if (product !== undefined) return product;
        throw (await refusalsOf(transaction, [{ id, expected }])).get(id) ?? notFound(id);
      });
    },
  };
}

/**
 * Whether the server refused a batch as it refuses a statement: a value, a lost race, a lock that did
 * not come (classes 22, 23, 40 and 55 of PostgreSQL's appendix A). After any other failure the batch
 * may have been committed, and applying its changes again would count their versions twice.
 */
function hadNoEffect(error: unknown): boolean {
  return /^(22|23|40|55)/.test(sqlStateOf(error) ?? '');
}
