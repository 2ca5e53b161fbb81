import { createPrivateKey, sign } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase } from '@woodytoys/database';
import { createTestLogger, waitFor } from '@woodytoys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseUrlOf } from './fixtures/database-of.ts';
import { allGone, freshPlace, npmStart } from './fixtures/npm-start.ts';
import type { StartOptions, Started } from './fixtures/npm-start.ts';
import { killAll } from './fixtures/processes.ts';

const json = { 'content-type': 'application/json' };
const bob = { username: 'Bob', password: 'password', magasin: 'Magasin 1', caisse: 'Caisse 1' };
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

interface Product {
  readonly id: number;
  readonly nom: string;
  readonly prix: number;
  readonly quantite: number;
}

interface ShopReport {
  readonly magasin: string;
  readonly total: number;
  readonly best5: readonly string[];
  readonly stock5: Readonly<Record<string, number>>;
  readonly valeur_stock: number;
}

describe('the facade of lab 4', () => {
  let here: StartOptions;
  let started: Started;
  let token = '';

  beforeAll(async () => {
    here = await freshPlace();
    started = npmStart({ ...here, environment: { SEED_SCALE: '0.2', RATE_LIMIT: '10000000' } });
    await started.ready();
    token = (await logIn('/mere/api/v1/merelogin')).token;
  });
  afterAll(async () => {
    const processes = started?.seen() ?? [];
    killAll(processes);
    await allGone(processes);
    rmSync(dirname(here.data), { recursive: true, force: true });
  });

  async function call(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${here.port}${path}`, { method, ...init });
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('application/json');
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  }

  /** As the original's clients ask: with the token, the shop and the till. */
  function ask(method: string, path: string, { shop = 'Magasin 1', body }: Asked = {}) {
    const headers = { authorization: `Bearer ${token}`, 'c-mag': shop, 'c-caisse': 'Caisse 1' };
    if (body === undefined) return call(method, path, { headers });
    return call(method, path, { headers: { ...headers, ...json }, body: JSON.stringify(body) });
  }

  async function logIn(path: string): Promise<{ token: string }> {
    const init = { headers: json, body: JSON.stringify(bob) };
    const { status, body } = await call('POST', path, init);
    expect(status).toBe(200);
    return body as { token: string };
  }

  const reports = async () => (await ask('GET', '/mere/api/v1/raport')).body as ShopReport[];
  const done = (path: string) => ({
    timestamp: expect.stringMatching(ISO) as string,
    status: 200,
    message: 'Ok',
    path,
    success: true,
  });
  const failed = (status: number, path: string, error: string) => ({
    timestamp: expect.stringMatching(ISO) as string,
    status,
    error,
    message: expect.stringMatching(/./) as string,
    path,
    success: false,
  });

  it('answers the calls of the original load script in their order', async () => {
    const { token: ofShop, ...nothing } = await logIn('/magasin/api/v1/login');
    expect(ofShop.split('.')).toHaveLength(3);
    expect(nothing).toEqual({});
    const products = await ask('GET', '/magasin/api/v1/produits');
    expect(products.status).toBe(200);
    expect(products.body).toHaveLength(50);
    expect((products.body as Product[])[0]).toEqual({
      id: 1,
      nom: 'Product_1',
      prix: 19.99,
      description: 'Number 1 of the catalogue, out of puzzles.',
      categorie: 'puzzles',
      quantite: expect.any(Number) as number,
    });
    const path = '/mere/api/v1/produit';
    const change = { productId: 5, nom: 'new nom', prix: 23.45, description: 'description' };
    const changed = await ask('PUT', path, { body: change });
    expect(changed).toMatchObject({ status: 200, body: done(path) });
    const stored = await (await started.get('/api/products/5')).json();
    const wanted = { name: 'new nom', price: 23.45, description: 'description', category: 'games' };
    expect(stored).toMatchObject(wanted);
    const report = await ask('GET', '/mere/api/v1/raport');
    expect(report.status).toBe(200);
    expect(report.body).toHaveLength(4);
    for (const { magasin, total, best5, stock5 } of report.body as ShopReport[]) {
      expect(magasin).toMatch(/^Magasin [1-4]$/);
      expect(total).toBeGreaterThan(0);
      expect(Object.keys(stock5)).toEqual(best5);
      for (const left of Object.values(stock5)) expect(left).toBeGreaterThanOrEqual(0);
    }
  });

  it.each(['/logistique/api/v1/login', '/mere/api/v1/login'])('logs in at %s', async (path) => {
    expect((await logIn(path)).token).toMatch(/^eyJ/);
    const form = { body: new URLSearchParams({ username: 'Bob', password: 'password' }) };
    expect((await call('POST', path, form)).status).toBe(200);
  });

  it('shows each shop its own stock, under its name or its number', async () => {
    const stockOf = async (shop: string) =>
      (await ask('GET', '/magasin/api/v1/produits', { shop })).body as Product[];
    const [one, two] = [await stockOf('Magasin 1'), await stockOf('Magasin 2')];
    expect(two).not.toEqual(one);
    const { items } = (await (await started.get('/api/stores/2/stock')).json()) as {
      items: { quantity: number }[];
    };
    expect(two.map(({ quantite }) => quantite)).toEqual(items.map(({ quantity }) => quantity));
    expect(await stockOf('2')).toEqual(two);
  });

  it('finds products of a shop by a part of their names', async () => {
    const { body } = await ask('GET', '/magasin/api/v1/produits/product_19');
    const ids = (body as Product[]).map(({ id }) => id);
    expect(ids).toEqual([19, ...Array.from({ length: 10 }, (_, index) => 190 + index)]);
  });

  it('lists at most 50 transactions, shops, days and restocks in the original shapes', async () => {
    const ofAll = await ask('GET', '/mere/api/v1/transactions?limit=200');
    expect(ofAll.body).toHaveLength(50);
    for (const one of ofAll.body as object[]) {
      expect(one).toEqual({
        id: expect.any(Number) as number,
        date: expect.stringMatching(ISO) as string,
        magasin: expect.stringMatching(/^Magasin [1-4]$/) as string,
        caisse: '',
        type: 'VENTE',
        produit_ids: expect.stringMatching(/^\d+$/) as string,
        montant: expect.any(Number) as number,
        deja_retourne: false,
      });
    }
    const ofShop = (await ask('GET', '/magasin/api/v1/transactions', { shop: '3' })).body;
    expect(ofShop).toHaveLength(50);
    expect(new Set((ofShop as { magasin: string }[]).map(({ magasin }) => magasin))).toEqual(
      new Set(['Magasin 3']),
    );
    const shops = ['Magasin 1', 'Magasin 2', 'Magasin 3', 'Magasin 4'];
    expect((await ask('GET', '/mere/api/v1/magasins')).body).toEqual(shops);
    const analytics = await ask('GET', '/mere/api/v1/analytics/Magasin%201');
    const { magasin, vente } = analytics.body as {
      magasin: string;
      vente: { total: number; dates: string[]; sales: number[] };
    };
    expect(magasin).toBe('Magasin 1');
    expect(vente.dates).toHaveLength(50);
    expect(vente.dates.at(-1)).toBe('2025-12-31T00:00:00Z');
    expect(vente.sales).toHaveLength(50);
    expect(vente.total).toBeGreaterThan(vente.sales.reduce((sum, sold) => sum + sold, 0));
  });

  it('restocks 10 of a product, for the head office and for the shop itself', async () => {
    const left = async () => {
      const answer = await started.get('/api/stores/2/stock?limit=7');
      const { items } = (await answer.json()) as { items: { quantity: number }[] };
      return items[6]?.quantity ?? Number.NaN;
    };
    const before = await left();
    const path = '/logistique/api/v1/commande/Magasin%202/7';
    const body = { host: 'http://localhost/magasin' };
    expect(await ask('POST', path, { body })).toMatchObject({ status: 200, body: done(path) });
    const own = '/magasin/api/v1/produit/7';
    expect((await ask('POST', own, { shop: 'Magasin 2' })).body).toEqual(done(own));
    expect(await left()).toBe(before + 20);
    const commands = (await ask('GET', '/logistique/api/v1/commands')).body as object[];
    expect(commands.length).toBeLessThanOrEqual(50);
    expect(commands[0]).toEqual({
      id: expect.any(Number) as number,
      Magsin: 'Magasin 2',
      ProduitID: 7,
      message: 'Magasin 2 demande une réaprovisionement de 10 Product_7',
      host: '',
    });
  });

  it('says in the envelope what it refuses', async () => {
    const put = (body: object) => ask('PUT', '/mere/api/v1/produit', { body });
    const text = await put({ productId: 6, nom: 'n', prix: 'dear', description: '' });
    expect(text).toMatchObject({
      status: 422,
      body: failed(422, '/mere/api/v1/produit', 'Unprocessable Content'),
    });
    expect((text.body as { message: string }).message).toMatch(/^prix must be a number/);
    expect((await put({ productId: 9_999, nom: 'n' })).body).toEqual(
      failed(404, '/mere/api/v1/produit', 'Not Found'),
    );
    for (const body of [{ nom: 'n' }, { productId: 'x', nom: 'n' }, { productId: 0, nom: 'n' }]) {
      expect((await put(body)).body).toEqual(failed(400, '/mere/api/v1/produit', 'Bad Request'));
    }
    expect(await (await started.get('/api/products/6')).json()).toMatchObject({ version: 1 });
    const stockOf = (shop: string) => ask('GET', '/magasin/api/v1/produits', { shop });
    const path = '/magasin/api/v1/produits';
    expect((await stockOf('Magasin 99')).body).toEqual(failed(404, path, 'Not Found'));
    expect((await stockOf('Namur')).body).toEqual(failed(400, path, 'Bad Request'));
    expect((await stockOf('../stores/1')).status).toBe(200);
  });

  it('answers 401 in the envelope to a wrong password, and to no, a bad and an old token', async () => {
    const path = '/magasin/api/v1/login';
    const wrong = { headers: json, body: JSON.stringify({ ...bob, password: 'guess' }) };
    expect(await call('POST', path, wrong)).toMatchObject({
      status: 401,
      body: failed(401, path, 'Unauthorized'),
    });
    const tokens = [undefined, 'Bearer a.b.c', `Bearer ${token}x`, `Bearer ${await expired()}`];
    const paths = ['/magasin/api/v1/produits', '/mere/api/v1/raport', '/mere/api/v1/transactions'];
    for (const asked of paths) {
      for (const authorization of tokens) {
        const headers = { 'c-mag': 'Magasin 1', ...(authorization && { authorization }) };
        const { status, body } = await call('GET', asked, { headers });
        expect(status).toBe(401);
        expect(body).toEqual(failed(401, asked, 'Unauthorized'));
      }
    }
  });

  it('gives nothing that is kept to who has no token', async () => {
    const path = '/mere/api/v1/raport';
    const hows = new Set<string | null>();
    for (let round = 0; round < 5; round += 1) {
      hows.add((await ask('GET', path)).headers.get('x-cache'));
      expect((await call('GET', path)).status).toBe(401);
    }
    expect(hows).toContain('HIT');
  });

  it('shows a sale and a price within 5 seconds while others read and write', async () => {
    const load = startLoad();
    try {
      for (let round = 1; round <= 3; round += 1) {
        const before = (await reports())[1]?.total ?? 0;
        const sold = await started.post('/api/stores/2/sales', { productId: 3, quantity: 2 });
        const { total } = (await sold.json()) as { total: number };
        await shownWithin5s(async () => (await reports())[1]?.total ?? 0, before + total);

        // Dearer than all the rest together, which changes all the time.
        const prix = round * 1_000_000;
        const change = { productId: 1, nom: `Dear ${round}`, prix };
        expect((await ask('PUT', '/mere/api/v1/produit', { body: change })).status).toBe(200);
        const worth = async () => {
          const [shop] = await reports();
          return (shop?.valeur_stock ?? 0) / (shop?.stock5[`Dear ${round}`] ?? 1);
        };
        await shownWithin5s(worth, prix);
      }
    } finally {
      expect(await load.stop()).toBeGreaterThan(100);
    }
  });

  it('gives who guesses passwords 30 tries, here and at the log-in of the API together', async () => {
    const guess = async (path: string) => {
      const body = JSON.stringify({ ...bob, password: 'guess' });
      const answer = await fetch(`http://127.0.0.1:${here.port}${path}`, {
        method: 'POST',
        headers: json,
        body,
      });
      return { answer, body: (await answer.json()) as unknown };
    };
    const paths = ['/magasin/api/v1/login', '/mere/api/v1/merelogin', '/logistique/api/v1/login'];
    let tries = 0;
    while ((await guess(paths[tries % 3] ?? '')).answer.status === 401) tries += 1;
    expect(tries).toBeGreaterThan(0);
    // A new window may have begun meanwhile.
    expect(tries).toBeLessThanOrEqual(60);
    const { answer, body } = await guess('/mere/api/v1/merelogin');
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(body).toEqual(failed(429, '/mere/api/v1/merelogin', 'Too Many Requests'));
    expect((await guess('/api/log-in')).answer.status).toBe(429);
    expect((await ask('GET', '/mere/api/v1/raport')).status).toBe(200);
  });

  /** Until a figure is at least what it has to be. */
  async function shownWithin5s(figure: () => Promise<number>, least: number): Promise<void> {
    const writtenAt = performance.now();
    await waitFor(async () => (await figure()) >= least - 0.005, 20_000);
    expect(performance.now() - writtenAt).toBeLessThan(5_000);
  }

  /** The mix of the lab, one call after another on each of a few connections. */
  function startLoad() {
    let stopped = false;
    let calls = 0;
    async function run(turn: (round: number) => Promise<Answer>): Promise<void> {
      for (let round = 0; !stopped; round += 1) {
        const { status } = await turn(round);
        expect(status).toBe(200);
        calls += 1;
        await sleep(5);
      }
    }
    const stock = (round: number) =>
      ask('GET', '/magasin/api/v1/produits', { shop: `Magasin ${1 + (round % 4)}` });
    const price = (round: number) => {
      const body = { productId: 20 + (round % 50), nom: `Toy ${round}`, prix: 1 + (round % 90) };
      return ask('PUT', '/mere/api/v1/produit', { body });
    };
    const report = () => ask('GET', '/mere/api/v1/raport');
    const running = Promise.all([stock, price, report, stock, price].map(run));
    return {
      stop: async () => {
        stopped = true;
        await running;
        return calls;
      },
    };
  }

  /** A token that was good until a minute ago, signed with the service's own key. */
  async function expired(): Promise<string> {
    const log = createTestLogger();
    const connectionString = databaseUrlOf(here.data, 'user');
    const database = createDatabase({ connectionString, service: 'test', maxConnections: 1, log });
    try {
      const [row] = await database.query<{ jwk: JsonWebKey }>(
        'SELECT private_jwk AS jwk FROM signing_keys ORDER BY generation LIMIT 1',
      );
      const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const [head = '', claims = ''] = token.split('.');
      const good = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { exp: number };
      const signed = `${head}.${part({ ...good, exp: Math.floor(Date.now() / 1000) - 60 })}`;
      const key = createPrivateKey({ key: row?.jwk ?? {}, format: 'jwk' });
      const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
      return `${signed}.${signature.toString('base64url')}`;
    } finally {
      await database.close();
    }
  }
});

interface Asked {
  readonly shop?: string;
  readonly body?: object;
}
