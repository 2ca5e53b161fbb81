import type { Queryable } from '@woodytoys/database';

export interface Store {
  id: number;
  name: string;
  city: string;
}

const storeById = {
  name: 'store-by-id',
  text: 'SELECT id, name, city FROM stores WHERE id = $1',
};

const storesAfter = {
  name: 'stores-after',
  text: 'SELECT id, name, city FROM stores WHERE id > $1 ORDER BY id LIMIT $2',
};

export async function selectStore(database: Queryable, id: number): Promise<Store | undefined> {
  const [store] = await database.query<Store>(storeById, [id]);
  return store;
}

/** By id, from the one after `after`. */
export function selectStores(
  database: Queryable,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<Store[]> {
  return database.query<Store>(storesAfter, [after, limit]);
}
