import type { Cache, CacheNamespace } from '@woodytoys/caching';
import type { components } from './contract.ts';

type Product = components['schemas']['Product'];
type ProductPage = components['schemas']['ProductPage'];

/** The newest product, and how many there are with it. */
export interface Last {
  readonly id: number;
  readonly count: number;
}

/** What is remembered of the catalogue, as the wire has it. */
export interface ProductCache {
  /** By id. */
  readonly products: CacheNamespace<Product>;
  /** Pages by position, length and category. */
  readonly lists: CacheNamespace<ProductPage>;
  /** Under the one key `lastKey`; not forgotten by `forget`. */
  readonly last: CacheNamespace<Last>;
  /** Forgets these products and what lists may tell of them, on every replica. */
  forget(...ids: readonly number[]): Promise<void>;
}

export const lastKey = 'last';

/** @param lastMs how long it takes to find the newest product, in milliseconds. */
export function createProductCache(cache: Cache, lastMs = 0): ProductCache {
  const products = cache.namespace<Product>('product', {
    ttlMs: 60_000,
    staleMs: 60_000,
    // Replicas tell each other of a change; this is the wait for one whose message was lost.
    firstLevelMs: 5_000,
  });
  const lists = cache.namespace<ProductPage>('product-list', { ttlMs: 30_000, staleMs: 30_000 });
  const last = cache.namespace<Last>('product-last', {
    ttlMs: 15_000,
    // It may first have to wait for one that began too early to see the latest product.
    waitMs: 2 * lastMs + 5_000,
  });
  return {
    products,
    lists,
    last,
    forget: async (...ids) => {
      await Promise.all([products.invalidate(...ids.map(String)), lists.clear()]);
    },
  };
}
