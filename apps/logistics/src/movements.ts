import type { Queryable } from '@woodytoys/database';
import { problem } from '@woodytoys/service';
import type { ProblemError } from '@woodytoys/service';
import { storeNotFound } from './stores.ts';

/** A sale or a restock that is asked for. */
export interface Movement {
  readonly storeId: number;
  readonly productId: number;
  readonly quantity: number;
}

const movementObstacles = {
  name: 'movement-obstacles',
  text: `
    SELECT EXISTS (SELECT FROM stores WHERE id = $1) AS "storeExists",
      EXISTS (SELECT FROM product_copies WHERE id = $2 AND NOT deleted) AS "productExists",
      EXISTS (SELECT FROM product_copies) AS "catalogueKnown",
      coalesce(
        (SELECT quantity FROM stock WHERE store_id = $1 AND product_id = $2), 0
      ) AS "stock"`,
};

interface Obstacles {
  readonly storeExists: boolean;
  readonly productExists: boolean;
  readonly catalogueKnown: boolean;
  readonly stock: number;
}

/** Why the statement of a sale or restock met no row; a problem to throw. */
export async function explainRefusal(
  database: Queryable,
  { storeId, productId, quantity }: Movement,
): Promise<ProblemError> {
  const [found] = await database.query<Obstacles>(movementObstacles, [storeId, productId]);
  if (found?.storeExists !== true) return storeNotFound(storeId);
  if (!found.catalogueKnown) {
    return problem(
      'WT-UNAVAILABLE',
      'The catalogue has not come from the product service yet. Try again in a moment.',
      { headers: { 'retry-after': '1' } },
    );
  }
  if (!found.productExists) {
    return problem('WT-BODY-INVALID', `There is no product ${productId} in the catalogue.`, {
      errors: [
        { pointer: '/body/productId', detail: 'must be the id of a product in the catalogue' },
      ],
    });
  }
  return problem(
    'WT-CONFLICT',
    `Shop ${storeId} has ${found.stock} of product ${productId}, fewer than ${quantity}.`,
  );
}
