import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import type { WithConnection } from './connections.ts';
import { insertOrder, insertProduct, selectLastProduct, selectOrderStatus } from './tables.ts';
import { createTurns } from './turns.ts';

export interface WoodytoysMonolithOptions {
  readonly withConnection: WithConnection;
  /** How long the heavy computation takes. */
  readonly heavyMs: number;
  /** How long the validation of an order takes. */
  readonly validationMs: number;
  /** How long the query of the last product takes. */
  readonly lastMs: number;
}

/**
 * Woodytoys in one process, before any of TP9 and TP10: one request at a time, no cache, orders
 * validated while the client waits, a new connection to the database for each request. A database
 * that refuses it is a 500. Its SQL takes parameters, which the original's did not.
 */
export function createWoodytoysMonolith(options: WoodytoysMonolithOptions): Express {
  const { withConnection, heavyMs, validationMs, lastMs } = options;
  const inTurn = createTurns();
  const app = express().disable('x-powered-by').disable('etag');
  const get = (path: string, answer: (request: Request) => Promise<string>) =>
    app.get(path, async (request, response) => {
      response.type('text/plain').send(await inTurn(() => answer(request)));
    });

  get('/api/ping', async () => 'ping');
  get('/api/misc/time', async () => `misc: ${now()}`);
  get('/api/misc/heavy', async (request) => {
    await sleep(heavyMs);
    return `${now()}: Woody -${given(request, 'name')}- Woody`;
  });

  get('/api/products', async (request) => {
    const name = given(request, 'product');
    await withConnection((client) => insertProduct(client, name));
    return name;
  });
  get('/api/products/last', async () => {
    const last = await withConnection((client) => selectLastProduct(client, lastMs));
    if (last === undefined) return 'No product found';
    return `db: ${now()} - ${last.count} products (last=${last.name})`;
  });
  get('/api/products/:id', async () => 'not yet implemented');

  get('/api/orders/do', async (request) => {
    const [id, product] = [randomUUID(), given(request, 'order')];
    await sleep(validationMs);
    await withConnection((client) => insertOrder(client, id, product));
    return `Your process ${id} has been created with this product : ${product}`;
  });
  get('/api/orders', async (request) => {
    const id = given(request, 'order_id');
    const status = await withConnection((client) => selectOrderStatus(client, id));
    return `order "${id}": ${status ?? 'None'}`;
  });

  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    process.stderr.write(`${error.message}\n`);
    response.status(500).type('text/plain').send('Internal Server Error');
  });
  return app;
}

const now = () => new Date().toISOString();

/** A parameter of the query; the word that Python has for nothing where there is none. */
function given({ query }: Request, name: string): string {
  const value = query[name];
  return typeof value === 'string' ? value : 'None';
}
