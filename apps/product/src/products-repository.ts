import type { Database, Queryable, Statement } from '@woodytoys/database';
import type { Last } from './products-cache.ts';

/** A row of `products`; a deleted one is still there. */
export interface StoredProduct {
  readonly id: number;
  readonly name: string;
  /** A decimal with 2 places, as `numeric(12, 2)` gives it. */
  readonly price: string;
  readonly description: string;
  readonly category: string;
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly deleted: boolean;
}

interface LastRow {
  /** Null when there is no product. */
  readonly id: number | null;
  readonly count: number;
}

export interface NewProduct {
  readonly name: string;
  /** A decimal with at most 2 places. */
  readonly price: string;
  readonly description: string;
  readonly category: string;
}

/** Of which versions a write may be made; all of them when it is undefined. */
export type ExpectedVersions = readonly number[] | undefined;

export interface ProductChange {
  readonly id: number;
  readonly expected: ExpectedVersions;
  /** The others stay as they are. */
  readonly fields: Partial<NewProduct>;
}

const columns = `id, name, price, description, category, version,
  created_at AS "createdAt", updated_at AS "updatedAt", deleted_at IS NOT NULL AS deleted`;

const byId: Statement = {
  name: 'product-by-id',
  text: `SELECT ${columns} FROM products WHERE id = $1 AND deleted_at IS NULL`,
};

// The sleep stands in the statement, which has its snapshot before; it locks nothing.
const last: Statement = {
  name: 'product-last',
  text: `SELECT (SELECT max(id) FROM products WHERE deleted_at IS NULL) AS id,
      (SELECT count(*) FROM products WHERE deleted_at IS NULL) AS count
    FROM pg_sleep($1)`,
};

const page: Statement = {
  name: 'product-page',
  text: `SELECT ${columns} FROM products
    WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`,
};

const pageOfCategory: Statement = {
  name: 'product-page-of-category',
  text: `SELECT ${columns} FROM products
    WHERE category = $3 AND id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2`,
};

const everything: Statement = {
  name: 'product-everything',
  text: `SELECT ${columns} FROM products WHERE id > $1 ORDER BY id LIMIT $2`,
};

const insert: Statement = {
  name: 'product-insert',
  text: `INSERT INTO products (name, price, description, category) VALUES ($1, $2, $3, $4)
    RETURNING ${columns}`,
};

// The row lock makes writers of one product take turns; each sees the version before it.
const change: Statement = {
  name: 'product-change',
  text: `UPDATE products
    SET name = coalesce($3, name), price = coalesce($4, price),
        description = coalesce($5, description), category = coalesce($6, category),
        version = version + 1, updated_at = clock_timestamp()
    WHERE id = $1 AND deleted_at IS NULL AND ($2::bigint[] IS NULL OR version = ANY ($2))
    RETURNING ${columns}`,
};

// The rows are locked in the order of their ids, so that no two of these wait for each other. The
// arrays of versions differ in length, which an array of arrays may not; so they come as texts.
const changeMany: Statement = {
  name: 'products-change',
  text: `WITH locked AS (
      SELECT id AS product, version AS found FROM products
      WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE
    )
    UPDATE products
    SET name = coalesce(new_name, name), price = coalesce(new_price, price),
        description = coalesce(new_description, description),
        category = coalesce(new_category, category),
        version = version + 1, updated_at = clock_timestamp()
    FROM locked JOIN unnest($1::bigint[], $2::text[], $3::text[], $4::numeric[], $5::text[], $6::text[])
      AS asked (product, expected, new_name, new_price, new_description, new_category)
      USING (product)
    WHERE id = product AND (expected IS NULL OR found = ANY (expected::bigint[]))
    RETURNING ${columns}`,
};

const versions: Statement = {
  name: 'product-versions',
  text: 'SELECT id, version FROM products WHERE id = ANY ($1) AND deleted_at IS NULL',
};

const remove: Statement = {
  name: 'product-delete',
  text: `UPDATE products
    SET version = version + 1, updated_at = clock_timestamp(), deleted_at = clock_timestamp()
    WHERE id = $1 AND deleted_at IS NULL AND ($2::bigint[] IS NULL OR version = ANY ($2))
    RETURNING ${columns}`,
};

export async function selectProduct(
  database: Queryable,
  id: number,
): Promise<StoredProduct | undefined> {
  const [product] = await database.query<StoredProduct>(byId, [id]);
  return product;
}

/**
 * The newest product and the number of all; undefined when there is none.
 * @param sleepMs how long the statement takes beside its work, in milliseconds.
 */
export async function selectLast(database: Database, sleepMs: number): Promise<Last | undefined> {
  const values = [sleepMs / 1_000];
  const [row] =
    sleepMs === 0
      ? await database.query<LastRow>(last, values)
      : await database.transaction(async (transaction) => {
          // The role's own timeout would end it, and holds for every other statement.
          await transaction.query("SELECT set_config('statement_timeout', $1, true)", [
            String(sleepMs + 10_000),
          ]);
          return transaction.query<LastRow>(last, values);
        });
  return row === undefined || row.id === null ? undefined : { id: row.id, count: row.count };
}

/** At most `limit` products with ids above `after`, in the order of their ids. */
export async function selectProducts(
  database: Queryable,
  { after, limit, category }: { after: number; limit: number; category: string | undefined },
): Promise<StoredProduct[]> {
  return category === undefined
    ? database.query<StoredProduct>(page, [after, limit])
    : database.query<StoredProduct>(pageOfCategory, [after, limit, category]);
}

/** The same with the deleted ones: what a copy of the catalogue has to know. */
export async function selectProductsEvenDeleted(
  database: Queryable,
  { after, limit }: { after: number; limit: number },
): Promise<StoredProduct[]> {
  return database.query<StoredProduct>(everything, [after, limit]);
}

export async function insertProduct(
  database: Queryable,
  { name, price, description, category }: NewProduct,
): Promise<StoredProduct> {
  const [product] = await database.query<StoredProduct>(insert, [
    name,
    price,
    description,
    category,
  ]);
  if (product === undefined) throw new Error('INSERT … RETURNING gave no row for a product');
  return product;
}

/**
 * Changes products, each of them once at most. Fields that are not given stay as they are.
 * @returns those that are there, and in one of the expected versions; by id
 */
export async function updateProducts(
  database: Queryable,
  changes: readonly ProductChange[],
): Promise<ReadonlyMap<number, StoredProduct>> {
  const [first, ...others] = changes;
  // One alone needs neither the lock before nor the join.
  const changed =
    first !== undefined && others.length === 0
      ? await updateOne(database, first)
      : await updateMany(database, changes);
  return new Map(changed.map((product) => [product.id, product]));
}

function updateOne(
  database: Queryable,
  { id, expected, fields: { name, price, description, category } }: ProductChange,
): Promise<StoredProduct[]> {
  return database.query<StoredProduct>(change, [
    id,
    expected ?? null,
    name ?? null,
    price ?? null,
    description ?? null,
    category ?? null,
  ]);
}

function updateMany(
  database: Queryable,
  changes: readonly ProductChange[],
): Promise<StoredProduct[]> {
  return database.query<StoredProduct>(changeMany, [
    changes.map(({ id }) => id),
    changes.map(({ expected }) => (expected === undefined ? null : `{${expected.join()}}`)),
    changes.map(({ fields }) => fields.name ?? null),
    changes.map(({ fields }) => fields.price ?? null),
    changes.map(({ fields }) => fields.description ?? null),
    changes.map(({ fields }) => fields.category ?? null),
  ]);
}

/** The versions of those that are there, by id. */
export async function selectVersions(
  database: Queryable,
  ids: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await database.query<{ id: number; version: number }>(versions, [ids]);
  return new Map(rows.map(({ id, version }) => [id, version]));
}

/** `undefined` when there is no such product, or not in one of the expected versions. */
export async function deleteProduct(
  database: Queryable,
  id: number,
  expected: ExpectedVersions,
): Promise<StoredProduct | undefined> {
  const [product] = await database.query<StoredProduct>(remove, [id, expected ?? null]);
  return product;
}
