import { createServer, get } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { createLogger } from '@woodytoys/service';
import { rateLimit as expressRateLimit } from 'express-rate-limit';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { RouteConfig } from '../src/config/types.ts';
import { Exchange } from '../src/exchange/exchange.ts';
import { parsePathTemplate } from '../src/routing/path-template.ts';
import type { BuildContext, FilterDefinition, IncomingFilter, SharedRedis } from '../src/plugin.ts';
import type { Answer } from '../src/exchange/answer.ts';
import { connectRedis } from '../src/connections/redis.ts';
import { builtInRegistry } from '../src/registry.ts';

/**
 * What each guarding filter costs a request that it lets pass, and `respond` an answer that is whole
 * already, in nanoseconds of processor time:
 * `node apps/gateway/bench/filters.ts [redis://…]`. The exchange itself is taken off.
 */

const ROUNDS = 5;
const REQUESTS = 100_000;
/** Requests under way at once where a filter waits, as under load. */
const AT_ONCE = 32;

const log = createLogger({ service: 'bench', level: 'silent' });
const { keys, token } = await signedToken();
const server = createServer();
const port = await new Promise<number>((resolve) => {
  server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
});
const { request, response } = await oneRequest();
const redis = process.argv[2] === undefined ? undefined : connectRedis(process.argv[2], log);

const sync = (name: string, options: object, shared?: SharedRedis) => ({
  name: `${name} ${JSON.stringify(options).slice(0, 60)}${shared === undefined ? '' : ' in Redis'}`,
  filter: filterOf(name, options, shared),
});
const guards = [
  sync('ipFilter', { deny: ['10.0.0.0/8'] }),
  sync('requestSize', { body: '100kB', headers: '8kB', query: '1kB' }),
  sync('cors', { origins: ['https://shop.example'] }),
  sync('deadline', { budget: '30s' }),
  sync('concurrency', { limit: 1_000 }),
  sync('authenticate', { issuer: 'bench', audience: 'bench', jwks: `http://127.0.0.1:${port}/` }),
  sync('rateLimit', { limit: 1_000_000_000, window: '10m' }),
];
if (redis !== undefined) {
  await new Promise<void>((resolve) => void redis.on('ready', resolve));
  for (const lease of [1_000, 100, 1]) {
    guards.push(sync('rateLimit', { limit: 1_000_000_000, name: `l${Date.now()}`, lease }, redis));
  }
}
guards.push(...responders());
guards.push({ name: "express-rate-limit's own middleware, in memory", filter: middleware() });

const bare = await nanoseconds(() => undefined);
print(`${'exchange and its headers'.padEnd(90)} ${bare.toFixed(0).padStart(7)} ns`);
for (const { name, filter } of guards) {
  const cost = (await nanoseconds(filter)) - bare;
  print(`${name.padEnd(90)} ${cost.toFixed(0).padStart(7)} ns`);
}
await redis?.close();
server.close();
server.closeAllConnections();

/** Of processor time for each request, the least of some rounds. */
async function nanoseconds(filter: IncomingFilter): Promise<number> {
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    let left = REQUESTS;
    const ask = async () => {
      while (left > 0) {
        left -= 1;
        const exchange = new Exchange(request, response, 0);
        exchange.headers.push('x-bench', '1');
        const result = filter(exchange);
        if (result instanceof Promise) await result;
        exchange.end(200);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, ask));
    const { user, system } = process.cpuUsage(before);
    rounds.push(((user + system) * 1_000) / REQUESTS);
  }
  return Math.min(...rounds);
}

function filterOf(name: string, options: object, shared: SharedRedis | undefined): IncomingFilter {
  const { incoming } = builtInRegistry().filters.get(name) as FilterDefinition;
  return incoming?.(options as never, contextOf(shared)) as IncomingFilter;
}

function contextOf(shared: SharedRedis | undefined): BuildContext {
  const metrics = createMetricsRegistry({ defaultMetrics: false }).service('gateway');
  const route = { path: '/items/{id}', methods: ['GET'], incoming: [], maxBody: '100kB' };
  return {
    route: route as unknown as RouteConfig,
    template: parsePathTemplate(route.path),
    log,
    metrics,
    redis: shared,
    decision: (decider: string, outcome: string) =>
      metrics.gateway.decision(route.path, decider, outcome),
    shared: (_key: string, create: () => unknown) => create(),
  } as unknown as BuildContext;
}

/** An answer of 80 bytes made into text, and 50 products into others in an envelope. */
function responders() {
  const product = { productId: 1, name: 'Yoyo', price: 23.45, text: null, kind: 'toy', stock: 9 };
  const as = {
    id: '{item.productId}',
    nom: '{item.name}',
    prix: '{item.price}',
    description: '{item.text}',
    categorie: '{item.kind}',
    quantite: '{item.stock:integer|0}',
  };
  const envelope = { timestamp: '{now}', status: '{status}', success: true };
  return [
    answered('db: {now} - {answer.stock} products (last={answer.name})', product),
    answered({ json: envelope }, product),
    answered(
      {
        lists: { all: { of: '{answer.items}', as, first: 50 } },
        json: { ...envelope, data: '{lists.all}' },
      },
      { items: Array.from({ length: 50 }, () => product) },
    ),
  ];
}

function answered(options: string | object, value: unknown) {
  const body = Buffer.from(JSON.stringify(value));
  const answer: Answer = { status: 200, headers: ['content-type', 'application/json'], body };
  const given = typeof options === 'string' ? { text: options } : options;
  const { outgoing } = builtInRegistry().filters.get('respond') as FilterDefinition;
  const respond = outgoing?.(given as never, contextOf(undefined));
  const filter: IncomingFilter = async (exchange) => respond?.(exchange, answer);
  return { name: `respond to ${body.length} bytes ${JSON.stringify(given).slice(0, 50)}`, filter };
}

/** What a route had when each request went through the middleware. */
function middleware(): IncomingFilter {
  const limiter = expressRateLimit({
    windowMs: 600_000,
    limit: 1_000_000_000,
    identifier: 'default',
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (visit) => (visit as unknown as { key: string }).key,
  });
  return (exchange) =>
    new Promise((resolve) => {
      const set = (header: string, value: string) => exchange.answerHeaders.push(header, value);
      const visit = { key: exchange.client.address, setHeader: set, append: set };
      void limiter(visit as never, visit as never, () => resolve(undefined));
    });
}

/** A request as the gateway gets one, with its headers, kept for all rounds. */
function oneRequest(): Promise<{ request: IncomingMessage; response: ServerResponse }> {
  return new Promise((resolve) => {
    server.on('request', (came, answer) => {
      if (came.url === '/') answer.end(JSON.stringify({ keys }));
      else resolve({ request: came, response: answer });
    });
    const headers = {
      authorization: `Bearer ${token}`,
      origin: 'https://shop.example',
      accept: 'application/json',
      'user-agent': 'bench',
    };
    get({ port, host: '127.0.0.1', path: '/items/1?a=b', headers }).on('error', () => {});
  });
}

async function signedToken() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const signed = new SignJWT({ iss: 'bench', aud: 'bench', sub: '1' })
    .setProtectedHeader({ alg: 'ES256', kid: '1' })
    .setExpirationTime('1h');
  return {
    keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' }],
    token: await signed.sign(privateKey),
  };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
