import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { createTestLogger } from '@woodytoys/testing';
import { describe, expect, it } from 'vitest';
import { GatewayConfigError, createGateway } from '../src/app.ts';
import { startBackend } from './support/backend.ts';
import { contractFile, shopContract, shopGateway } from './support/contract.ts';
import { startGateway, temporaryFiles } from './support/gateway.ts';

const tenant = { headers: { 'x-tenant': 't1' } };

describe('a route of a whole contract', () => {
  it('answers every operation under its prefix, and nothing else', async () => {
    const backend = await startBackend();
    const { url } = await startGateway(
      shopGateway(backend.url, '  - contract: { upstream: shop, prefix: /api }'),
    );
    const status = async (method: string, path: string) =>
      (await fetch(url + path, { ...tenant, method })).status;
    expect(await status('GET', '/api/orders?limit=3')).toBe(200);
    expect(await status('DELETE', '/api/orders/7')).toBe(200);
    expect(await status('PUT', '/api/orders/7')).toBe(405);
    expect(await status('GET', '/orders')).toBe(404);
    expect(await status('GET', '/api/customers')).toBe(404);
    expect(backend.seen.map((request) => `${request.method} ${request.url}`)).toEqual([
      'GET /orders?limit=3',
      'DELETE /orders/7',
    ]);
  });

  it('has its own filters and times on each operation', async () => {
    const backend = await startBackend((request, response) => {
      if (request.method === 'DELETE') return;
      response.end('ok');
    });
    const without = await startGateway(
      shopGateway(
        backend.url,
        `  - contract: { upstream: shop, except: [watchOrder] }
    timeout: 200ms
    outgoing: [{ headers: { set: { x-shop: 'yes' } } }]`,
      ),
    );
    expect((await fetch(`${without.url}/orders`)).headers.get('x-shop')).toBe('yes');
    expect((await fetch(`${without.url}/orders/1`)).headers.get('x-shop')).toBe('yes');
    expect((await fetch(`${without.url}/orders/1`, { method: 'DELETE' })).status).toBe(504);
    expect((await fetch(`${without.url}/orders/1/events`)).status).toBe(404);
  });

  it('passes an operation that answers with events through as a stream', async () => {
    const backend = await startBackend((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n');
    });
    const { url } = await startGateway(
      shopGateway(backend.url, '  - contract: { upstream: shop }\n    timeout: 10s'),
    );
    const abort = new AbortController();
    const response = await fetch(`${url}/orders/4/events`, { signal: abort.signal });
    const first = await response.body?.getReader().read();
    expect(Buffer.from(first?.value as Uint8Array).toString()).toBe('data: 1\n\n');
    abort.abort();
  });

  it('is read from JSON as well, relative to the included file that names it', async () => {
    const backend = await startBackend();
    const folder = temporaryFiles({
      'shop.yaml': `
upstreams: { shop: { discover: '${backend.url}', contract: ./contract.json } }
routes: [{ contract: { upstream: shop, prefix: /v1, operations: [getShop] } }]`,
      'contract.json': JSON.stringify({
        openapi: '3.1.0',
        paths: { '/shop': { get: { operationId: 'getShop' } }, '/till': { get: {} } },
      }),
    });
    const { url } = await startGateway(`include: ['${folder}/*.yaml']`);
    expect((await fetch(`${url}/v1/shop`)).status).toBe(200);
    expect((await fetch(`${url}/v1/till`)).status).toBe(404);
  });
});

async function mistakesOf(yaml: string, files: Readonly<Record<string, string>> = {}) {
  const folder = temporaryFiles({ 'gateway.yaml': yaml, ...files });
  const gateway = createGateway({
    configFile: join(folder, 'gateway.yaml'),
    environment: {},
    metrics: createMetricsRegistry({ defaultMetrics: false }).service('gateway'),
    log: createTestLogger(),
  });
  const error = await gateway.start().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  await gateway.stop();
  if (!(error instanceof GatewayConfigError)) throw new Error(`no mistakes but ${String(error)}`);
  return error.mistakes.map(
    ({ file, line, message }) => `${file.replace(`${folder}/`, '')}:${line} ${message}`,
  );
}

describe('a contract with a mistake is told by file and line', () => {
  const route = (contract: string) => `upstreams:
  shop: { discover: 'http://127.0.0.1:1', contract: openapi.yaml }
  bare: { discover: 'http://127.0.0.1:1' }
routes:
  - contract: ${contract}
`;

  it('an operation that it does not have', async () => {
    const mistakes = await mistakesOf(
      route(`
      upstream: shop
      operations:
        - getOrder
        - getOrders
      except: [nothing]`),
      { 'openapi.yaml': shopContract },
    );
    const has = 'it has listOrders, createOrder, getOrder, deleteOrder, watchOrder';
    expect(mistakes).toEqual([
      `gateway.yaml:9 the contract has no operation "getOrders"; ${has}`,
      `gateway.yaml:10 the contract has no operation "nothing"; ${has}`,
    ]);
  });

  it('a webhook, which has no path', async () => {
    const webhooks = `${shopContract}webhooks:\n  paid: { post: { operationId: orderPaid } }\n`;
    expect(
      await mistakesOf(route('{ upstream: shop, operations: [orderPaid] }'), {
        'openapi.yaml': webhooks,
      }),
    ).toEqual([
      'gateway.yaml:5 the operation "orderPaid" is a webhook: it has no path; take it out',
    ]);
  });

  it('a path that no route can have, on its line of the contract', async () => {
    const broken = `openapi: 3.1.0
paths:
  /ok: { get: { operationId: ok } }
  /{a}{b}:
    get: { operationId: both }
`;
    expect(await mistakesOf(route('{ upstream: shop }'), { 'openapi.yaml': broken })).toEqual([
      'openapi.yaml:5 the operation "both" cannot be a route: "/{a}{b}" has two parameters with nothing between them',
    ]);
  });

  it('a file that is not there, is no YAML, or is of another version', async () => {
    const yaml = route('{ upstream: shop }');
    expect(await mistakesOf(yaml)).toEqual([
      expect.stringMatching(
        /^gateway.yaml:2 the contract .*openapi.yaml cannot be read \(ENOENT\); name a file that is there$/,
      ),
      expect.stringContaining('gateway.yaml:5 there is no upstream "shop" with a contract'),
    ]);
    expect(await mistakesOf(yaml, { 'openapi.yaml': 'openapi: 3.1.0\npaths: [' })).toContainEqual(
      expect.stringMatching(/^openapi.yaml:2 /),
    );
    expect(await mistakesOf(yaml, { 'openapi.yaml': 'info: {}\nopenapi: 3.0.3' })).toContainEqual(
      'openapi.yaml:2 openapi: expected 3.1.x, found 3.0.3',
    );
  });

  it('an upstream without a contract, and a path beside a contract', async () => {
    expect(
      await mistakesOf(`${route('{ upstream: bare }')}    path: /x\n`, {
        'openapi.yaml': shopContract,
      }),
    ).toEqual([
      'gateway.yaml:6 a route of a contract has its path from there; take "path" out',
      'gateway.yaml:5 there is no upstream "bare" with a contract; give it one: contract: FILE',
    ]);
  });

  it('an operation that another route answers already', async () => {
    const clash = `${route('{ upstream: shop, prefix: /api }')}  - path: /api/orders
    methods: [GET]
    endpoint: { http: { upstream: shop } }
`;
    expect(await mistakesOf(clash, { 'openapi.yaml': shopContract })).toEqual([
      'gateway.yaml:6 GET /api/orders is there twice; keep one',
    ]);
  });
});

describe('a reload', () => {
  it('has the operations of a contract that has changed', async () => {
    const backend = await startBackend();
    const file = contractFile();
    const { url, gateway } = await startGateway(
      shopGateway(backend.url, '  - contract: { upstream: shop }', file),
    );
    expect((await fetch(`${url}/baskets`)).status).toBe(404);
    writeFileSync(file, shopContract.replaceAll('/orders', '/baskets'));
    await gateway.reload();
    expect((await fetch(`${url}/baskets`)).status).toBe(200);
    expect((await fetch(`${url}/orders`)).status).toBe(404);
  });
});
