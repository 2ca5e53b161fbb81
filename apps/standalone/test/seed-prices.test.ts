import { seedPriceCents } from '@woodytoys/logistics/seed';
import { seedProduct } from '@woodytoys/product/seed';
import { expect, it } from 'vitest';

it('the seeded sales have the prices of the seeded catalogue', () => {
  // The prices repeat after 9,500 products.
  for (let id = 1; id <= 10_000; id += 1) {
    expect(seedPriceCents(id), `product ${id}`).toBe(
      Math.round(Number(seedProduct(id).price) * 100),
    );
  }
});
