/**
 * Lab 4's mix through its facade: reads of several shops' stock, products that get a new price, and the
 * consolidated report, with the requests that the original's clients send.
 */
import { check, fail } from 'k6';
import http, { type RefinedResponse } from 'k6/http';
import { number, target } from './settings.ts';

/** The values of the tag `name`. */
export const LAB4_NAMES = ['stock', 'price', 'report'];

/** The shops and products of the seed data at scale 1. */
const SHOPS = number('SHOPS', 20);
const PRODUCTS = number('PRODUCTS', 1_000);

const JSON_BODY = { 'content-type': 'application/json' };

export interface Session {
  readonly token: string;
}

/** Logs in once, as Bob: what is measured is the mix and not the log-in. */
export function logIn(): Session {
  const credentials = { username: 'Bob', password: 'password', magasin: '1', caisse: '1' };
  const answer = http.post(`${target}/mere/api/v1/merelogin`, JSON.stringify(credentials), {
    headers: JSON_BODY,
    tags: { name: 'log-in' },
  });
  const token = answer.status === 200 ? answer.json('token') : undefined;
  if (typeof token !== 'string') {
    fail(
      `error: Bob cannot log in at ${target}/mere/api/v1/merelogin: ${answer.status} ${short(answer)}`,
    );
  }
  return { token };
}

/** GET: the stock of a shop, each time of another. */
export function readStock({ token }: Session): void {
  const answer = http.get(`${target}/magasin/api/v1/produits`, {
    headers: { ...bearer(token), 'C-Mag': String(oneOf(SHOPS)), 'C-Caisse': '1' },
    tags: { name: 'stock' },
  });
  check(answer, {
    'stock: 200': ({ status }) => status === 200,
    'stock: 50 products with price and quantity': (response) =>
      response.status === 200 &&
      typeof response.json('49.prix') === 'number' &&
      typeof response.json('49.quantite') === 'number',
  });
}

/** PUT: a new price for a random product. */
export function changePrice({ token }: Session): void {
  const productId = oneOf(PRODUCTS);
  const product = {
    productId,
    nom: `Product_${productId}`,
    prix: (100 + oneOf(9_900)) / 100,
    description: `Number ${productId} of the catalogue`,
  };
  const answer = http.put(`${target}/mere/api/v1/produit`, JSON.stringify(product), {
    headers: { ...JSON_BODY, ...bearer(token) },
    tags: { name: 'price' },
  });
  check(answer, {
    'price: 200': ({ status }) => status === 200,
    'price: success': (response) => response.status === 200 && response.json('success') === true,
  });
}

/** GET: the report over all shops. */
export function readReport({ token }: Session): void {
  const answer = http.get(`${target}/mere/api/v1/raport`, {
    headers: bearer(token),
    tags: { name: 'report' },
  });
  check(answer, {
    'report: 200': ({ status }) => status === 200,
    'report: not empty': ({ body }) => typeof body === 'string' && body.length > 2,
  });
}

function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

/** A whole number from 1 to `most`. */
function oneOf(most: number): number {
  return 1 + Math.floor(Math.random() * most);
}

function short({ body }: RefinedResponse<'text'>): string {
  return (typeof body === 'string' ? body : 'no answer').slice(0, 200);
}
