import type { Queryable } from '@woodytoys/database';

export interface ProductCopy {
  readonly id: number;
  readonly name: string;
  readonly priceCents: number;
  readonly description: string;
  readonly category: string;
  /** Grows with each write of the product. */
  readonly version: number;
  readonly deleted: boolean;
}

/** Only a greater version than the copy's changes it, so the order of the events does not matter. */
const applyCopies = {
  name: 'apply-product-copies',
  text: `
    INSERT INTO product_copies AS copy
      (id, name, price_cents, category, version, deleted, description)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[],
        $6::boolean[], $7::text[])
      AS product (id, name, price_cents, category, version, deleted, description)
    ORDER BY product.id
    ON CONFLICT (id) DO UPDATE
    SET name = EXCLUDED.name, price_cents = EXCLUDED.price_cents, category = EXCLUDED.category,
      version = EXCLUDED.version, deleted = EXCLUDED.deleted, description = EXCLUDED.description
    WHERE copy.version < EXCLUDED.version`,
};

/** Gives a row at most once in the pause, over all replicas, and none once there is a copy. */
const claimRequest = {
  name: 'claim-catalogue-request',
  text: `
    INSERT INTO catalogue_requests AS request (requested_at)
    SELECT now() WHERE NOT EXISTS (SELECT FROM product_copies)
    ON CONFLICT (only_row) DO UPDATE SET requested_at = EXCLUDED.requested_at
    WHERE request.requested_at < now() - $1 * interval '1 millisecond'
    RETURNING requested_at`,
};

/** Each product at most once. */
export async function applyProductCopies(
  transaction: Queryable,
  copies: readonly ProductCopy[],
): Promise<void> {
  await transaction.query(applyCopies, [
    copies.map(({ id }) => id),
    copies.map(({ name }) => name),
    copies.map(({ priceCents }) => priceCents),
    copies.map(({ category }) => category),
    copies.map(({ version }) => version),
    copies.map(({ deleted }) => deleted),
    copies.map(({ description }) => description),
  ]);
}

/** True for one of all replicas, when there is no copy and none was asked for during `pauseMs`. */
export async function claimCatalogueRequest(
  transaction: Queryable,
  pauseMs: number,
): Promise<boolean> {
  return (await transaction.query(claimRequest, [pauseMs])).length > 0;
}
