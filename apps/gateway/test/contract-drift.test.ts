import { get } from 'node:http';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Answering } from './support/backend.ts';
import { sendJson, startBackend } from './support/backend.ts';
import { shopGateway } from './support/contract.ts';
import { startGateway } from './support/gateway.ts';

async function startShop(answer: Answering, responses = 1, more = '') {
  const backend = await startBackend(answer);
  const routes = sampling(responses) + more;
  const gateway = await startGateway(shopGateway(backend.url, routes));
  const drift = (kind: string, operation = 'getOrder') =>
    gateway.metric('gateway_contract_drift_total', { upstream: 'shop', operation, kind });
  const told = () =>
    gateway.log.lines.filter(({ msg }) => msg === 'an answer is not as the contract has it');
  return { ...gateway, drift, told };
}

const JSON_TYPE = { 'content-type': 'application/json' };

const sampling = (responses: number) => `  - contract: { upstream: shop, except: [watchOrder] }
    incoming: [validate: { responses: ${responses} }]`;

/** An answer as its bytes are, whether it ends as it should or not. */
function rawAnswer(url: string): Promise<object> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      const chunks: Buffer[] = [];
      const { 'content-type': type, 'content-encoding': encoding, etag } = response.headers;
      const head = { status: response.statusCode, type, encoding, etag };
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      // It tells by `complete` how the answer ended.
      response.on('error', () => undefined);
      response.on('close', () =>
        resolve({ ...head, body: Buffer.concat(chunks), whole: response.complete }),
      );
    }).on('error', reject);
  });
}

const order = { lines: [{ product: 1, quantity: 1 }] };

describe('a sampled answer', () => {
  it('that drifts from the contract goes out as it is, counted by kind', async () => {
    const { url, drift } = await startShop(({ url: target }, response) => {
      if (target === '/orders/1') sendJson(response, 418, { teapot: true });
      else if (target === '/orders/2') response.end('<order/>');
      else if (target === '/orders/3') sendJson(response, 200, { lines: [{ product: 0 }] });
      else sendJson(response, 200, order);
    });
    const status = await fetch(`${url}/orders/1`);
    expect({ status: status.status, body: await status.json() }).toEqual({
      status: 418,
      body: { teapot: true },
    });
    expect(await (await fetch(`${url}/orders/2`)).text()).toBe('<order/>');
    expect(await (await fetch(`${url}/orders/3`)).json()).toEqual({ lines: [{ product: 0 }] });
    expect(await (await fetch(`${url}/orders/4`)).json()).toEqual(order);
    await expect.poll(() => drift('status')).toBe(1);
    await expect.poll(() => drift('content-type')).toBe(1);
    await expect.poll(() => drift('body')).toBe(1);
  });

  it('is told in one line of a kind and minute, with pointers', async () => {
    const { url, drift, told } = await startShop((_request, response) =>
      sendJson(response, 200, { lines: [] }),
    );
    for (let count = 0; count < 3; count += 1) await (await fetch(`${url}/orders/5`)).text();
    await expect.poll(() => drift('body')).toBe(3);
    expect(told()).toEqual([
      expect.objectContaining({
        upstream: 'shop',
        operation: 'getOrder',
        kind: 'body',
        errors: [{ pointer: '/body/lines', detail: 'must NOT have fewer than 1 items' }],
      }),
    ]);
  });

  it('is checked unpacked, whole, and not where there is no body to be had', async () => {
    const { url, drift } = await startShop((request, response) => {
      const packed = gzipSync(JSON.stringify({ lines: [] }));
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      if (request.method === 'HEAD') response.end();
      else {
        response.write(packed.subarray(0, 7));
        setTimeout(() => response.end(packed.subarray(7)), 20);
      }
    });
    await fetch(`${url}/orders/1`, { method: 'HEAD' });
    expect(await (await fetch(`${url}/orders/1`)).json()).toEqual({ lines: [] });
    await expect.poll(() => drift('body')).toBe(1);
  });

  it('is not kept past its limit: a long answer is checked by status and type alone', async () => {
    const { url, drift } = await startShop(({ url: target }, response) => {
      const lines = target === '/orders/1' ? 'x'.repeat(1_000_000) : [];
      sendJson(response, 200, { lines });
    });
    expect((await (await fetch(`${url}/orders/1`)).text()).length).toBeGreaterThan(1_000_000);
    await (await fetch(`${url}/orders/2`)).text();
    await expect.poll(() => drift('body')).toBe(1);
  });

  it('is checked behind filters that wait for the answer too, as the service sent it', async () => {
    const { url, drift } = await startShop(
      (_request, response) => sendJson(response, 200, { lines: [] }),
      1,
      '\n    outgoing: [headers: { set: { content-type: text/html } }]',
    );
    expect((await fetch(`${url}/orders/1`)).status).toBe(200);
    await expect.poll(() => drift('body')).toBe(1);
    expect(await drift('content-type')).toBeUndefined();
  });

  it('of any status, encoding and end passes as it came', async () => {
    const hostile: Record<string, (response: ServerResponse) => void> = {
      204: (response) => response.writeHead(204).end(),
      304: (response) => response.writeHead(304, { etag: '"1"' }).end(),
      'no-gzip': (response) =>
        response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end('no gzip'),
      'cut-gzip': (response) =>
        response
          .writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' })
          .end(gzipSync('{"lines":[]}').subarray(0, 15)),
      unknown: (response) =>
        response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'rot13' }).end('{"yvarf":[]}'),
      bomb: (response) =>
        response
          .writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(30_000_000, 32))),
      'no-utf8': (response) => response.writeHead(200, JSON_TYPE).end(Buffer.from([0xff, 0xfe, 0])),
      deep: (response) => response.writeHead(200, JSON_TYPE).end('['.repeat(30_000)),
      empty: (response) => response.writeHead(200, JSON_TYPE).end(),
      cut: (response) => {
        response.writeHead(200, { ...JSON_TYPE, 'content-length': '100' });
        response.write('{"lines":');
        setTimeout(() => response.destroy(), 20);
      },
    };
    const ids = Object.keys(hostile);
    const backend = await startBackend(({ url: target }, response) =>
      hostile[ids[Number(target.slice('/orders/'.length)) - 1] as string]?.(response),
    );
    const sampled = await startGateway(shopGateway(backend.url, sampling(1)));
    for (const [index, id] of ids.entries()) {
      const path = `/orders/${index + 1}`;
      const [ours, theirs] = [
        await rawAnswer(sampled.url + path),
        await rawAnswer(backend.url + path),
      ];
      expect({ id, ...ours }).toEqual({ id, ...theirs });
    }
    const kinds = await Promise.all(
      ['status', 'body'].map((kind) =>
        sampled.metric('gateway_contract_drift_total', { operation: 'getOrder', kind }),
      ),
    );
    // Both statuses; what is no gzip, no encoding that is known, too large or cut has no body to check.
    expect(kinds).toEqual([2, 3]);
  });

  it('is none when no share is asked for', async () => {
    const { url, drift } = await startShop((_request, response) => sendJson(response, 418, {}), 0);
    for (let count = 0; count < 20; count += 1) await (await fetch(`${url}/orders/5`)).text();
    expect(await drift('status')).toBeUndefined();
  });
});
