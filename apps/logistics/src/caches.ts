import type { Cache, CacheNamespace } from '@woodytoys/caching';
import type { components } from './contract.ts';
import { createListCache } from './list-cache.ts';
import type { ListCache } from './list-cache.ts';

type Schemas = components['schemas'];

/** The list of `sales` that holds those of all shops; the others go by the shop's id. */
export const salesOfAllStores = 'all';

/** What is remembered, as the wire has it. */
export interface LogisticsCache {
  /** By id. Shops do not change. */
  readonly stores: CacheNamespace<Schemas['Store']>;
  /** By cursor and limit. */
  readonly storePages: CacheNamespace<Schemas['StorePage']>;
  /** A list for each shop. */
  readonly stock: ListCache<Schemas['StockPage']>;
  /** A list for each shop, and `salesOfAllStores`. */
  readonly sales: ListCache<Schemas['SalePage']>;
  /** By shop and number of days. */
  readonly analytics: CacheNamespace<Schemas['StoreAnalytics']>;
  /** One entry. */
  readonly consolidated: CacheNamespace<Schemas['ReportResult']>;
}

/**
 * Lists are invalidated by each write, so their time to live only matters when a process dies
 * between its commit and the invalidation.
 */
const listPolicy = { ttlMs: 5000, staleMs: 5000 };

/**
 * Figures are not invalidated: under steady sales they would never be in the cache. They may be
 * 5 s old instead, wherever they are read: time to live (with its 10 % of spread) and stale time add
 * up to 3.2 s, a facade of the gateway keeps them for 1 s more, and the rest is for the event of a
 * price and the load.
 */
const figuresPolicy = { ttlMs: 1500, staleMs: 1500, firstLevelMs: 500 };

export function createLogisticsCache(cache: Cache): LogisticsCache {
  return {
    stores: cache.namespace('store', { ttlMs: 60_000, staleMs: 60_000 }),
    storePages: cache.namespace('store-page', { ttlMs: 60_000, staleMs: 60_000 }),
    stock: createListCache(cache, 'stock', listPolicy),
    sales: createListCache(cache, 'sales', listPolicy),
    analytics: cache.namespace('store-analytics', figuresPolicy),
    consolidated: cache.namespace('consolidated-report', figuresPolicy),
  };
}
