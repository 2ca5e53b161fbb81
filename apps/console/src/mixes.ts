import type { ClientRequest } from './http-client.ts';
import type { CatalogueEntry } from './snapshot.ts';

/** A request on the platform's entry. */
export type MixRequest = Pick<ClientRequest, 'method' | 'body'> & { readonly path: string };

/** The requests of a demonstration traffic. */
export interface Mix extends CatalogueEntry {
  /** Gives the n-th request, counted from 0. */
  request(n: number): MixRequest;
}

/** Both are in the seed data of scale 1; below it, some requests find nothing. */
const PRODUCTS = 100;
const STORES = 20;

const READS: readonly ((product: number, store: number) => string)[] = [
  (product) => `/api/${product}/${product}`,
  () => '/api/products?limit=20',
  (product) => `/api/products/${product}`,
  (product) => `/api/users/${product}`,
  (_, store) => `/api/stores/${store}/stock?limit=20`,
  () => '/api/stores',
  (_, store) => `/api/stores/${store}/analytics`,
  () => '/api/reports/consolidated',
];

function read(n: number): MixRequest {
  const path = READS[n % READS.length] as (typeof READS)[number];
  return { method: 'GET', path: path(productOf(n), storeOf(n)) };
}

/** A sale of what was delivered five requests before, so that the shelves neither fill nor empty. */
function write(n: number): MixRequest {
  const delivery = n % 10 < 5;
  const origin = delivery ? n : n - 5;
  return {
    method: 'POST',
    path: `/api/stores/${storeOf(origin)}/${delivery ? 'restocks' : 'sales'}`,
    body: { productId: productOf(origin), quantity: 1 },
  };
}

/** Two orders, the second of what has no name and is refused; then Woodytoys' computations. */
function order(n: number): MixRequest {
  switch (n % 4) {
    case 0:
      return { method: 'POST', path: '/api/orders', body: { product: `Product_${productOf(n)}` } };
    case 1:
      return { method: 'POST', path: '/api/orders', body: { product: '…' } };
    case 2:
      return { method: 'GET', path: '/api/misc/time' };
    default:
      return { method: 'GET', path: `/api/misc/heavy?name=toy_${productOf(n)}` };
  }
}

/** A shop's stock, the report of all shops, a new price: what lab 4 loads the platform with. */
function lab4(n: number): MixRequest {
  switch (n % 3) {
    case 0:
      return { method: 'GET', path: `/api/stores/${storeOf(n)}/stock?limit=50` };
    case 1:
      return {
        method: 'PATCH',
        path: `/api/products/${productOf(n)}`,
        body: { price: 1 + (n % 10_000) / 100 },
      };
    default:
      return { method: 'GET', path: '/api/reports/consolidated' };
  }
}

const productOf = (n: number) => ((n * 7) % PRODUCTS) + 1;
const storeOf = (n: number) => ((n * 3) % STORES) + 1;

/** Every mix that the page offers: one more is one more entry. */
export const MIXES: readonly [Mix, ...Mix[]] = [
  {
    id: 'browse',
    title: 'Browse',
    description: 'Reads alone, over all services: accounts, catalogue, stock, figures.',
    request: read,
  },
  {
    id: 'shop',
    title: 'Shop',
    description: 'Three reads, then a delivery; three reads, then its sale. It fills the database.',
    request: (n) => (n % 5 === 4 ? write(n) : read(n)),
  },
  {
    id: 'orders',
    title: 'Orders',
    description: 'Orders for the workers, one in two of them refused, and the computations.',
    request: order,
  },
  {
    id: 'lab4',
    title: 'Lab 4',
    description: "A shop's stock, a product's new price, the report of all shops: a third each.",
    request: lab4,
  },
];
