/** The requests of a mixed load: reads and writes over all services, none of which may fail. */
import type { LoadRequest } from './load.ts';

/** Products and stores of the seed data at scale 1. */
const PRODUCTS = 1_000;
const STORES = 20;

/** Makes unique user names over several runs against one stack. */
export function createMix(run: string): (n: number) => LoadRequest {
  return (n) => {
    const product = (n % PRODUCTS) + 1;
    const store = (n % STORES) + 1;
    switch (n % 10) {
      case 0:
        return { method: 'GET', path: `/api/${product}/${product}` };
      case 1:
        return { method: 'GET', path: `/api/users/${product}` };
      case 2:
        return { method: 'GET', path: `/api/products/${product}` };
      case 3:
        return { method: 'GET', path: `/api/stores/${store}/stock` };
      case 4:
        return {
          method: 'POST',
          path: `/api/stores/${store}/restocks`,
          body: { productId: product, quantity: 5 },
        };
      case 5:
        return {
          method: 'PUT',
          path: `/api/products/${product}`,
          body: {
            name: `Product_${product}`,
            price: 1 + (n % 10_000) / 100,
            description: `changed by request ${n}`,
            category: 'figures',
          },
        };
      case 6:
        return {
          method: 'POST',
          path: '/api/users',
          body: { username: `load_${run}_${n}`, email: `load_${run}_${n}@example.com` },
        };
      case 7:
        return { method: 'GET', path: '/api/reports/consolidated' };
      case 8:
        return {
          method: 'POST',
          path: `/api/stores/${store}/restocks`,
          body: { productId: ((n * 7) % PRODUCTS) + 1, quantity: 1 },
        };
      default:
        return { method: 'GET', path: '/api/products?limit=20' };
    }
  };
}
