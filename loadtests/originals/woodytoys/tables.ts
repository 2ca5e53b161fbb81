import type pg from 'pg';

/** The original's tables and its two products; what is there already stays. */
export async function prepareTables(client: pg.Client): Promise<void> {
  await client.query(`
    CREATE TABLE IF NOT EXISTS product (
      id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
      name varchar(200)
    )`);
  // No key and no index, as in the original.
  await client.query(`
    CREATE TABLE IF NOT EXISTS "order" (
      order_id varchar(200), status varchar(200), product varchar(200)
    )`);
  await client.query(`
    INSERT INTO product (name) SELECT name FROM (VALUES ('Yoyo'), ('Joli train')) seed (name)
    WHERE NOT EXISTS (SELECT FROM product)`);
}

export async function insertProduct(client: pg.Client, name: string): Promise<void> {
  await client.query('INSERT INTO product (name) VALUES ($1)', [name]);
}

/**
 * How many products there are, and the name of the newest; undefined when there is none.
 * The table is locked against writers while the slow query runs: inserts wait.
 */
export async function selectLastProduct(
  client: pg.Client,
  slowMs: number,
): Promise<{ readonly count: number; readonly name: string } | undefined> {
  await client.query('BEGIN');
  await client.query('LOCK TABLE product IN SHARE MODE');
  const { rows } = await client.query<{ count: number; name: string }>(
    `SELECT name, (SELECT count(*)::int FROM product) AS count
     FROM product, pg_sleep($1 / 1000.0) ORDER BY id DESC LIMIT 1`,
    [slowMs],
  );
  await client.query('COMMIT');
  return rows[0];
}

export async function insertOrder(client: pg.Client, id: string, product: string): Promise<void> {
  await client.query(`INSERT INTO "order" VALUES ($1, 'Success', $2)`, [id, product]);
}

export async function selectOrderStatus(
  client: pg.Client,
  id: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ status: string }>(
    'SELECT status FROM "order" WHERE order_id = $1',
    [id],
  );
  return rows[0]?.status;
}
