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

/**
 * Tokens last 15 minutes. Users renew theirs when it is 5 to 13 minutes old, one by one, since 30 log-ins
 * a minute are allowed; one that is refused tries again within a minute.
 */
const RENEW_SECONDS = number('RENEW_SECONDS', 300);
const RENEW_SPREAD = 1.6;
const RETRY_SECONDS = 60;

export interface Session {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
}

/** A user's own token: that of the set-up, until it has aged. */
let own: { token: string; renewAt: number } | undefined;

/** Logs in once, as Bob: what is measured is the mix and not the log-in. */
export function logIn(): Session {
  const answer = askForToken();
  const token = tokenIn(answer);
  if (token === undefined) {
    fail(
      `error: Bob cannot log in at ${target}/mere/api/v1/merelogin: ${answer.status} ${short(answer)}`,
    );
  }
  return { token, issuedAt: Date.now() };
}

function tokenOf(session: Session): string {
  own ??= { token: session.token, renewAt: renewalOf(session.issuedAt) };
  if (Date.now() > own.renewAt) {
    const token = tokenIn(askForToken());
    own =
      token === undefined
        ? { ...own, renewAt: Date.now() + RETRY_SECONDS * Math.random() * 1000 }
        : { token, renewAt: renewalOf(Date.now()) };
  }
  return own.token;
}

function renewalOf(issuedAt: number): number {
  return issuedAt + RENEW_SECONDS * (1 + RENEW_SPREAD * Math.random()) * 1000;
}

function askForToken(): RefinedResponse<'text'> {
  const credentials = {
    username: 'Bob',
    password: 'password',
    magasin: 'Magasin 1',
    caisse: 'Caisse 1',
  };
  return http.post(`${target}/mere/api/v1/merelogin`, JSON.stringify(credentials), {
    headers: JSON_BODY,
    tags: { name: 'log-in', part: 'session' },
  });
}

function tokenIn(answer: RefinedResponse<'text'>): string | undefined {
  const token = answer.status === 200 ? answer.json('token') : undefined;
  return typeof token === 'string' ? token : undefined;
}

/** GET: the stock of a shop, each time of another. */
export function readStock(session: Session): void {
  const answer = http.get(`${target}/magasin/api/v1/produits`, {
    headers: { ...bearer(session), 'C-Mag': `Magasin ${oneOf(SHOPS)}`, 'C-Caisse': 'Caisse 1' },
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
export function changePrice(session: Session): void {
  const productId = oneOf(PRODUCTS);
  const product = {
    productId,
    nom: `Product_${productId}`,
    prix: (100 + oneOf(9_900)) / 100,
    description: `Number ${productId} of the catalogue`,
  };
  const answer = http.put(`${target}/mere/api/v1/produit`, JSON.stringify(product), {
    headers: { ...JSON_BODY, ...bearer(session) },
    tags: { name: 'price' },
  });
  check(answer, {
    'price: 200': ({ status }) => status === 200,
    'price: success': (response) => response.status === 200 && response.json('success') === true,
  });
}

/** GET: the report over all shops. */
export function readReport(session: Session): void {
  const answer = http.get(`${target}/mere/api/v1/raport`, {
    headers: bearer(session),
    tags: { name: 'report' },
  });
  check(answer, {
    'report: 200': ({ status }) => status === 200,
    'report: the sales of every shop': (response) =>
      response.status === 200 && typeof response.json(`${SHOPS - 1}.total`) === 'number',
  });
}

function bearer(session: Session): { Authorization: string } {
  return { Authorization: `Bearer ${tokenOf(session)}` };
}

/** A whole number from 1 to `most`. */
function oneOf(most: number): number {
  return 1 + Math.floor(Math.random() * most);
}

function short({ body }: RefinedResponse<'text'>): string {
  return (typeof body === 'string' ? body : 'no answer').slice(0, 200);
}
