import { createPrivateServer } from '@woodytoys/service';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendJson, startBackend, unusedPort } from './support/backend.ts';
import { shopGateway } from './support/contract.ts';
import { startGateway } from './support/gateway.ts';
import type { RunningGateway } from './support/gateway.ts';

/** The gateway's pages on a private port, read as JSON. */
async function startAdmin({ gateway }: RunningGateway) {
  const server = await createPrivateServer({
    port: 0,
    host: '127.0.0.1',
    registry: { expose: async () => ({ contentType: 'text/plain', body: '' }) },
    ready: () => gateway.ready(),
  });
  onTestFinished(() => server.close());
  server.addRoutes(gateway.privateRoutes);
  return async (page: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/gateway/${page}`);
    expect(response.status).toBe(200);
    return (await response.json()) as Record<string, Record<string, unknown>[]>;
  };
}

const configuration = (discover: string) => `
upstreams:
  a: { discover: '${discover}' }
routes:
  - path: /things/{id}
    methods: [GET, PUT]
    timeout: 2s
    incoming:
      - rateLimit: { limit: 5, window: 1m }
      - headers: { set: { authorization: 'Bearer not-for-everybody' } }
    endpoint: { http: { upstream: a } }
`;

describe('what operators see', () => {
  it('are the routes of the table in use', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(configuration(backend.url));
    const read = await startAdmin(gateway);
    expect(await read('routes')).toEqual({
      routes: [
        {
          host: null,
          path: '/things/{id}',
          methods: ['GET', 'PUT'],
          operation: null,
          timeout: '2s',
          idleTimeout: '30s',
          maxBody: '100kB',
          incoming: ['rateLimit', 'headers'],
          outgoing: [],
          endpoint: 'http',
          upstreams: ['a'],
        },
      ],
    });
    gateway.rewrite(configuration(backend.url).replace('/things', '/others'));
    await gateway.gateway.reload();
    expect((await read('routes'))['routes']?.[0]?.['path']).toBe('/others/{id}');
  });

  it('are upstreams with their replicas, breakers and limits', async () => {
    const backend = await startBackend();
    const gone = await unusedPort();
    const discover = `${backend.url},http://127.0.0.1:${gone}`;
    const read = await startAdmin(await startGateway(configuration(discover)));
    const [upstream] = (await read('upstreams'))['upstreams'] ?? [];
    expect(upstream).toMatchObject({ name: 'a', kind: 'replicas' });
    expect(JSON.stringify(upstream)).toContain(`127.0.0.1:${gone}`);
    expect(await read('breakers')).toMatchObject({ breakers: [{ upstream: 'a' }] });
    expect(await read('limits')).toMatchObject({
      upstreams: [{ upstream: 'a', limit: {} }],
      routes: [{ path: '/things/{id}', limits: [{ filter: 'rateLimit', options: { limit: 5 } }] }],
    });
  });

  it('are the last failures, by request id, whoever failed', async () => {
    const backend = await startBackend((_request, response) => sendJson(response, 500, {}));
    const gone = await unusedPort();
    const gateway = await startGateway(`
upstreams:
  a: { discover: '${backend.url}' }
  gone: { discover: 'http://127.0.0.1:${gone}' }
routes:
  - { path: '/a/{id}', methods: [GET], endpoint: { http: { upstream: a } } }
  - { path: /gone, methods: [GET], endpoint: { http: { upstream: gone } } }
`);
    const read = await startAdmin(gateway);
    const ask = async (path: string, id: string) => {
      await (await fetch(`${gateway.url}${path}`, { headers: { 'x-request-id': id } })).text();
    };
    for (let n = 1; n <= 60; n += 1) await ask(`/a/${n}`, `filler-${n}`);
    await ask('/nowhere', 'not-an-error');
    await ask('/a/1', 'its-own');
    await ask('/gone', 'unreached');
    const { errors = [] } = await read('errors');
    // Older ones are in the log.
    expect(errors).toHaveLength(50);
    expect(errors.slice(0, 3)).toMatchObject([
      {
        requestId: 'unreached',
        method: 'GET',
        route: '/gone',
        status: 503,
        upstream: 'gone',
        detail: expect.stringMatching(/^WT-UNAVAILABLE: /) as string,
      },
      { requestId: 'its-own', route: '/a/{id}', status: 500, upstream: 'a', detail: null },
      { requestId: 'filler-60' },
    ]);
  });

  it('are contracts, with what of them was compiled', async () => {
    const backend = await startBackend((_request, response) => sendJson(response, 200, {}));
    const routes = '  - contract: { upstream: shop }\n    incoming: [validate]';
    const gateway = await startGateway(shopGateway(backend.url, routes));
    const read = await startAdmin(gateway);
    const seen = async () => (await read('contracts'))['contracts'];
    expect(await seen()).toEqual([{ upstream: 'shop', operations: 5, validators: 0 }]);
    for (const id of ['1', '2', 'none']) await (await fetch(`${gateway.url}/orders/${id}`)).text();
    expect(await seen()).toEqual([{ upstream: 'shop', operations: 5, validators: 1 }]);
  });

  it('is never a secret', async () => {
    const { port } = await startBackend();
    const yaml = configuration(`http://me:hunter2@127.0.0.1:${port}`);
    const read = await startAdmin(await startGateway(yaml));
    for (const page of ['routes', 'upstreams', 'breakers', 'limits', 'contracts', 'errors']) {
      const text = JSON.stringify(await read(page));
      expect(text).not.toMatch(/not-for-everybody|hunter2/);
    }
  });
});
