import type { Cache, CacheNamespace } from '@woodytoys/caching';
import type { components } from './contract.ts';

type Product = components['schemas']['Product'];
type ProductPage = components['schemas']['ProductPage'];

/** What is remembered of the catalogue, as the wire has it. */
export interface ProductCache {
  /** By id. */
  readonly products: CacheNamespace<Product>;
  /** Pages by position, length and category; the newest product is a page of one. */
  readonly lists: CacheNamespace<ProductPage>;
  /** Forgets all that writes of these products may have changed, on every replica. */
  forget(...ids: readonly number[]): Promise<void>;
}

export function createProductCache(cache: Cache): ProductCache {
  const products = cache.namespace<Product>('product', { ttlMs: 60_000, staleMs: 60_000 });
  const lists = cache.namespace<ProductPage>('product-list', { ttlMs: 30_000, staleMs: 30_000 });
  return {
    products,
    lists,
    forget: async (...ids) => {
      await Promise.all([products.invalidate(...ids.map(String)), lists.clear()]);
    },
  };
}
