import { copyRows } from '@woodytoys/database';
import type { SeedClient } from '@woodytoys/database';

/** The seed's sales lie in the 365 days before this; nothing depends on the day of loading. */
export const seedEndsAtMs = Date.UTC(2026, 0, 1);

const dayMs = 24 * 60 * 60 * 1000;
const seedDays = 365;

const cities = [
  ...[
    'Namur',
    'Liège',
    'Bruxelles',
    'Charleroi',
    'Mons',
    'Tournai',
    'Arlon',
    'Wavre',
    'Huy',
    'Dinant',
  ],
  ...[
    'Anvers',
    'Gand',
    'Bruges',
    'Louvain',
    'Malines',
    'Ostende',
    'Courtrai',
    'Hasselt',
    'Genk',
    'Alost',
  ],
] as const;

/** How many of each there are at a scale: 20 shops, 1,000 products in each, 100,000 sales at 1. */
export interface SeedSizes {
  readonly stores: number;
  readonly products: number;
  /** Products a shop holds. */
  readonly shelf: number;
  readonly sales: number;
}

export function seedSizes(scale: number): SeedSizes {
  const products = Math.max(1, Math.round(1000 * scale));
  return {
    stores: Math.max(1, Math.round(20 * scale)),
    products,
    shelf: Math.min(1000, products),
    sales: Math.round(100_000 * scale),
  };
}

/** The price in cents at which the product service seeds a product; 19.99 for product 1. */
export function seedPriceCents(productId: number): number {
  // Repeats the product service's seed: sales are loaded before any event of it can come.
  return 499 + ((1500 + (productId - 1) * 7919) % 9500);
}

/**
 * Loads the shops, their stock and a year of sales into an empty database; the rows are the same on
 * every machine and day. The catalogue's copy is not loaded: it comes from the product service.
 * @param scale multiplies the sizes
 */
export async function seedLogistics(client: SeedClient, scale: number): Promise<void> {
  const sizes = seedSizes(scale);
  const sold: readonly SoldTotals[] = Array.from({ length: sizes.stores * sizes.shelf }, () => ({
    count: 0,
    units: 0,
    cents: 0,
  }));
  await copyRows(client, 'stores (id, name, city)', storeRows(sizes));
  await copyRows(
    client,
    'sales (id, store_id, product_id, quantity, unit_price_cents, sold_at)',
    saleRows(sizes, sold),
  );
  await copyRows(
    client,
    'stock (store_id, product_id, quantity, sales_count, sold_units, sold_cents)',
    stockRows(sizes, sold),
  );
  await client.query("SELECT setval(pg_get_serial_sequence('stores', 'id'), $1)", [sizes.stores]);
  await client.query("SELECT setval(pg_get_serial_sequence('sales', 'id'), $1, $2)", [
    Math.max(1, sizes.sales),
    sizes.sales > 0,
  ]);
  await client.query('ANALYZE stores, stock, sales');
}

/** What a shop sold of a product, as the stock row keeps it. */
interface SoldTotals {
  count: number;
  units: number;
  cents: number;
}

function* storeRows({ stores }: SeedSizes): Iterable<readonly unknown[]> {
  for (let id = 1; id <= stores; id += 1) {
    const city = cities[(id - 1) % cities.length] ?? cities[0];
    const round = Math.ceil(id / cities.length);
    yield [id, round === 1 ? `Woodytoys ${city}` : `Woodytoys ${city} ${round}`, city];
  }
}

function* saleRows(sizes: SeedSizes, sold: readonly SoldTotals[]): Iterable<readonly unknown[]> {
  const random = mulberry32(20_260_101);
  const startMs = seedEndsAtMs - seedDays * dayMs;
  const spacingMs = (seedDays * dayMs) / sizes.sales;
  for (let id = 1; id <= sizes.sales; id += 1) {
    const storeId = 1 + Math.floor(random() * sizes.stores);
    // The square favours the first places of a shelf, so that there are best sellers.
    const place = Math.floor(random() ** 2 * sizes.shelf);
    const productId = firstProduct(storeId, sizes) + place;
    const quantity = 1 + Math.floor(random() * 5);
    const cents = seedPriceCents(productId);
    const totals = sold[(storeId - 1) * sizes.shelf + place];
    if (totals !== undefined) {
      totals.count += 1;
      totals.units += quantity;
      totals.cents += quantity * cents;
    }
    const soldAt = new Date(startMs + Math.floor((id - 1 + random()) * spacingMs));
    yield [id, storeId, productId, quantity, cents, soldAt.toISOString()];
  }
}

function* stockRows(sizes: SeedSizes, sold: readonly SoldTotals[]): Iterable<readonly unknown[]> {
  const random = mulberry32(20_260_102);
  for (const [index, totals] of sold.entries()) {
    const storeId = 1 + Math.floor(index / sizes.shelf);
    const productId = firstProduct(storeId, sizes) + (index % sizes.shelf);
    // Enough that a load test on one product of one shop does not end in 409 at once.
    const quantity = 1000 + Math.floor(random() * 1000);
    yield [storeId, productId, quantity, totals.count, totals.units, totals.cents];
  }
}

/** Shops share out a catalogue of more than 1,000 products; below that each holds all of it. */
function firstProduct(storeId: number, { products, shelf }: SeedSizes): number {
  return 1 + ((storeId - 1) % Math.max(1, Math.floor(products / shelf))) * shelf;
}

/** Tommy Ettinger's mulberry32: 32 bits of state, numbers in [0, 1); small and the same anywhere. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
