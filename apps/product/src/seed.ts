import { copyRows } from '@woodytoys/database';
import type { SeedClient } from '@woodytoys/database';
import { formatCents } from './price.ts';

const categories = [
  'puzzles',
  'vehicles',
  'blocks',
  'dolls',
  'games',
  'music',
  'outdoor',
  'crafts',
] as const;

/** The seed's clock; nothing in it depends on the day on which it is loaded. */
const epochMs = Date.UTC(2025, 0, 1);

export interface SeedProduct {
  readonly id: number;
  readonly name: string;
  /** With 2 decimals; between 4.99 and 99.98. */
  readonly price: string;
  readonly description: string;
  readonly category: string;
  readonly createdAt: string;
}

/** The product with this id; the same on every machine and day. Product 1 is `Product_1` at 19.99. */
export function seedProduct(id: number): SeedProduct {
  // A step that shares no factor with the range visits every price once before it repeats.
  // The logistics service's seed repeats this for its sales; a test of standalone compares the two.
  const cents = 499 + ((1500 + (id - 1) * 7919) % 9500);
  const category = categories[(id - 1) % categories.length] ?? categories[0];
  return {
    id,
    name: `Product_${id}`,
    price: formatCents(cents),
    description: `Number ${id} of the catalogue, out of ${category}.`,
    category,
    createdAt: new Date(epochMs + id * 1000).toISOString(),
  };
}

/** Loads 1,000 × `scale` products into an empty catalogue. */
export async function seedProducts(client: SeedClient, scale: number): Promise<void> {
  const count = Math.max(1, Math.round(1000 * scale));
  await copyRows(
    client,
    'products (id, name, price, description, category, created_at, updated_at)',
    rows(count),
  );
  await client.query("SELECT setval(pg_get_serial_sequence('products', 'id'), $1)", [count]);
  await client.query('ANALYZE products');
}

function* rows(count: number): Iterable<readonly unknown[]> {
  for (let id = 1; id <= count; id += 1) {
    const { name, price, description, category, createdAt } = seedProduct(id);
    yield [id, name, price, description, category, createdAt, createdAt];
  }
}
