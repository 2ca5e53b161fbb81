import type { Database } from '@woodytoys/database';
import { decodeCursor, pageOf, problem } from '@woodytoys/service';
import type { Handlers, ProblemError } from '@woodytoys/service';
import type { LogisticsCache } from './caches.ts';
import type { operations } from './contract.ts';
import { selectStore, selectStores } from './stores-repository.ts';
import type { Store } from './stores-repository.ts';

export interface StoresDependencies {
  readonly database: Database;
  readonly cached: Pick<LogisticsCache, 'stores' | 'storePages'>;
}

/** The shop with this id, or a 404. */
export type FindStore = (id: number) => Promise<Store>;

export function createFindStore({
  database,
  cached,
}: Pick<StoresDependencies, 'database'> & {
  readonly cached: Pick<LogisticsCache, 'stores'>;
}): FindStore {
  return async (id) => {
    const store = await cached.stores.get(String(id), () => selectStore(database, id));
    if (store === undefined) throw storeNotFound(id);
    return store;
  };
}

export function storeNotFound(id: number): ProblemError {
  return problem('WT-RESOURCE-NOT-FOUND', `There is no shop ${id}.`);
}

export function createStores({
  database,
  cached,
}: StoresDependencies): Pick<Handlers<operations>, 'listStores' | 'getStore'> {
  const findStore = createFindStore({ database, cached });

  return {
    listStores: async ({ query: { limit = 50, cursor } }) => {
      const after =
        cursor === undefined ? 0 : decodeCursor(cursor, { storesAfter: 'integer' }).storesAfter;
      const load = async () =>
        pageOf(await selectStores(database, { after, limit: limit + 1 }), limit, ({ id }) => ({
          storesAfter: id,
        }));
      const page = await cached.storePages.get(`${after}:${limit}`, load);
      return { status: 200, body: page ?? (await load()) };
    },

    getStore: async ({ params: { id } }) => ({ status: 200, body: await findStore(id) }),
  };
}
