import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { LabError } from '../../lab/failure.ts';
import type { MeasureContext, Observation } from '../../lab/lab.ts';

const POLL_MS = 100;
/** What has not shown by then counts as this long. */
const LONGEST_MS = 30_000;
const PAUSE_MS = 1_000;
const SHOPS = 20;
/** A price that shows in the value of a shop's stock whatever the mix does to the others meanwhile. */
const STRIKING_PRICE = 1_000_000;
const STRIKING_CHANGE = 6_000_000;
const RESTOCKED = 10;

interface ShopReport {
  readonly magasin: string;
  readonly total: number;
  readonly valeur_stock: number;
}

/**
 * Sells a product and changes its price as long as a load lasts, and looks how long the consolidated
 * report takes to show it. The product is new, since the mix would change any other's price as well.
 *
 * @returns `saleShownSeconds` and `priceShownSeconds`, the longest of all; and how often each was tried.
 */
export async function watchFreshness(
  { running, signal }: Pick<MeasureContext, 'running' | 'signal'>,
  loaded: Promise<unknown>,
): Promise<Observation> {
  const client = await createClient(running.target, signal);
  const productId = await client.newProduct();
  let over = false;
  const end = () => {
    over = true;
  };
  loaded.then(end, end);
  const sales: number[] = [];
  const prices: number[] = [];
  for (let round = 0; !over || round === 0; round += 1) {
    const shop = 1 + (round % SHOPS);
    await client.restock(shop, productId);
    const { total } = await client.report(shop);
    await client.post(`/api/stores/${shop}/sales`, { productId, quantity: 1 });
    sales.push(await client.until(shop, (report) => report.total > total));
    const { valeur_stock: value } = await client.report(shop);
    await client.price(productId, STRIKING_PRICE);
    prices.push(
      await client.until(shop, (report) => report.valeur_stock > value + STRIKING_CHANGE),
    );
    await client.price(productId, 19.99);
    prices.push(
      await client.until(shop, (report) => report.valeur_stock < value + STRIKING_CHANGE),
    );
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return {
    values: {
      saleShownSeconds: Math.max(...sales) / 1000,
      priceShownSeconds: Math.max(...prices) / 1000,
      salesTried: sales.length,
      pricesTried: prices.length,
    },
  };
}

async function createClient(target: string, signal: AbortSignal) {
  const send = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
    const answer = await request(`${target}${path}`, {
      method,
      signal,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(token !== '' && { authorization: `Bearer ${token}` }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode < 300) return text;
    throw new LabError(
      `${method} ${path} was answered ${answer.statusCode}: ${text.slice(0, 200)}`,
    );
  };
  let token = '';
  const bob = { username: 'Bob', password: 'password', magasin: '1', caisse: '1' };
  token = (JSON.parse(await send('POST', '/mere/api/v1/merelogin', bob)) as { token: string })
    .token;

  const report = async (shop: number): Promise<ShopReport> => {
    const shops = JSON.parse(await send('GET', '/mere/api/v1/raport')) as readonly ShopReport[];
    const found = shops.find(({ magasin }) => magasin === `Magasin ${shop}`);
    if (found !== undefined) return found;
    throw new LabError(`The report has no "Magasin ${shop}".`);
  };
  const restock = (shop: number, productId: number) =>
    send('POST', `/api/stores/${shop}/restocks`, { productId, quantity: RESTOCKED });
  return {
    report,
    post: (path: string, body: object) => send('POST', path, body),
    restock,
    /** Once logistics knows it. */
    async newProduct(): Promise<number> {
      const product = { name: 'Watched by lab 4', price: 19.99, category: 'lab' };
      const { id } = JSON.parse(await send('POST', '/api/products', product)) as { id: number };
      for (const began = performance.now(); ; await sleep(POLL_MS, undefined, { signal })) {
        try {
          await restock(1, id);
          return id;
        } catch (error) {
          if (performance.now() - began > LONGEST_MS) throw error;
        }
      }
    },
    price: (productId: number, prix: number) => {
      const product = { productId, nom: 'Watched by lab 4', prix, description: 'Lab 4' };
      return send('PUT', '/mere/api/v1/produit', product);
    },
    /** Milliseconds from now until the report is so. */
    async until(shop: number, so: (report: ShopReport) => boolean): Promise<number> {
      const began = performance.now();
      while (performance.now() - began < LONGEST_MS) {
        if (so(await report(shop))) return performance.now() - began;
        await sleep(POLL_MS, undefined, { signal });
      }
      return LONGEST_MS;
    },
  };
}
