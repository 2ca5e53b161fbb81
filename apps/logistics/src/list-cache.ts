import { randomUUID } from 'node:crypto';
import type { Cache, CachePolicy } from '@woodytoys/caching';

/** Pages of many lists; a list is forgotten as a whole, whatever pages of it are kept. */
export interface ListCache<Page> {
  get(list: string, page: string, load: () => Promise<Page>): Promise<Page>;
  /** Forgets these lists on every replica. */
  invalidate(...lists: readonly string[]): Promise<void>;
  /** Forgets all lists on every replica. */
  clear(): Promise<void>;
}

/**
 * Keeps pages under the edition of their list, a random name that ends with the list's next change.
 * So one key is invalidated however many combinations of limit and cursor were asked for, and the
 * pages of the old edition, which nobody finds any more, end with their time to live.
 */
export function createListCache<Page>(
  cache: Cache,
  name: string,
  policy: CachePolicy,
): ListCache<Page> {
  const editions = cache.namespace<string>(`${name}-edition`, { ttlMs: 10 * 60_000 });
  const pages = cache.namespace<Page>(name, policy);
  return {
    get: async (list, page, load) => {
      const edition = await editions.get(list, async () => randomUUID());
      return (await pages.get(`${list}:${edition}:${page}`, load)) ?? load();
    },
    invalidate: (...lists) => editions.invalidate(...lists),
    clear: () => editions.clear(),
  };
}
