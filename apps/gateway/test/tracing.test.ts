import { openTraceExport } from '@woodytoys/tracing';
import type { SamplerName } from '@woodytoys/tracing';
import { createTestLogger, startTraceReceiver, waitFor } from '@woodytoys/testing';
import type { ReceivedSpan } from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendJson, startBackend, unusedPort } from './support/backend.ts';
import { oneUpstream, startGateway } from './support/gateway.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${CALLER}-01`;

async function startTraced(configuration: string, sampler: SamplerName = 'parentbased_always_on') {
  const receiver = await startTraceReceiver();
  onTestFinished(() => receiver.close());
  const traces = await openTraceExport({
    url: `${receiver.endpoint}/v1/traces`,
    sampler,
    version: '1',
    instance: '1',
    log: createTestLogger(),
    delayMs: 10,
  });
  const gateway = await startGateway(configuration, { tracing: traces.service('gateway') });
  /** Every span, once the gateway has ended what it does. */
  async function spans(): Promise<readonly ReceivedSpan[]> {
    await gateway.close();
    await traces.close();
    return receiver.spans;
  }
  return {
    gateway,
    spans,
    get: (path: string, headers = {}) => fetch(gateway.url + path, { headers }),
  };
}

const server = (spans: readonly ReceivedSpan[]) =>
  spans.find(({ kind }) => kind === 'server') as ReceivedSpan;
const clients = (spans: readonly ReceivedSpan[]) => spans.filter(({ kind }) => kind === 'client');

describe('a traced request', () => {
  it('is what each replica works for that is asked: every attempt is a span of its own', async () => {
    const backend = await startBackend();
    const refusing = `http://127.0.0.1:${await unusedPort()}`;
    const { get, spans } = await startTraced(oneUpstream(`'${refusing},${backend.url}'`));
    // Whose turn it is goes by chance: one of several requests meets the replica that refuses.
    await waitFor(async () => {
      await (await get('/api/x', { traceparent: SAMPLED })).text();
      return (await get('/api/x')).status === 200 && backend.seen.length >= 6;
    });
    const all = await spans();
    const again = clients(all).find(
      ({ attributes }) => attributes['http.request.resend_count'] === 1,
    ) as ReceivedSpan;
    const first = clients(all).find(({ error }) => error) as ReceivedSpan;
    expect(first).toMatchObject({
      parentSpanId: again.parentSpanId,
      attributes: { 'error.type': 'ECONNREFUSED', 'server.port': Number(new URL(refusing).port) },
    });
    expect(again.attributes).toMatchObject({
      'http.response.status_code': 200,
      'woodytoys.upstream': 'a',
    });
    // What the replica got names the attempt that reached it.
    const got = backend.seen.map(({ headers }) => headers['traceparent']);
    const reached = clients(all).filter(({ error }) => !error);
    expect(got.toSorted()).toEqual(
      reached.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).toSorted(),
    );
    const continued = all.filter(({ traceId }) => traceId === TRACE);
    expect(server(continued).parentSpanId).toBe(CALLER);
  });

  it('tells its route and status, and neither query nor headers', async () => {
    const backend = await startBackend((_request, response) => sendJson(response, 503, {}));
    const { get, spans } = await startTraced(oneUpstream(`'${backend.url}'`));
    await (await get('/api/x?token=hunter2', { authorization: 'Bearer hunter3' })).text();
    await (await get('/nowhere')).text();
    const all = await spans();
    expect(server(all)).toMatchObject({
      name: 'GET /api/*',
      error: true,
      attributes: {
        'http.route': '/api/*',
        'http.response.status_code': 503,
        'error.type': '503',
        'url.path': '/api/x',
        'client.address': '127.0.0.1',
        'server.address': '127.0.0.1',
      },
    });
    const missed = all.find(({ attributes }) => attributes['http.response.status_code'] === 404);
    expect(missed).toMatchObject({ name: 'GET', kind: 'server', error: false });
    expect(missed?.attributes).not.toHaveProperty('http.route');
    expect(clients(all)[0]?.attributes['url.full']).toBe(`${backend.url}/x`);
    expect(JSON.stringify(all)).not.toMatch(/hunter/);
  });

  it('has a span for each part of an aggregate, and one for a stream', async () => {
    const backend = await startBackend((_request, response) => sendJson(response, 200, { id: 1 }));
    const { get, spans } = await startTraced(`
upstreams: { a: { discover: '${backend.url}' } }
routes:
  - path: /both
    methods: [GET]
    endpoint: { aggregate: { one: { upstream: a, path: /one }, two: { upstream: a, path: /two } } }
  - path: /stream
    methods: [GET]
    endpoint: { stream: { upstream: a } }
`);
    await (await get('/both')).text();
    await (await get('/stream')).text();
    const all = await spans();
    const both = all.find(({ name }) => name === 'GET /both') as ReceivedSpan;
    const parts = clients(all).filter(({ parentSpanId }) => parentSpanId === both.spanId);
    expect(parts.map(({ attributes }) => attributes['url.full']).toSorted()).toEqual([
      `${backend.url}/one`,
      `${backend.url}/two`,
    ]);
    const stream = all.find(({ name }) => name === 'GET /stream') as ReceivedSpan;
    const [streamed] = clients(all).filter(({ parentSpanId }) => parentSpanId === stream.spanId);
    const got = backend.seen.find(({ url }) => url === '/stream');
    expect(got?.headers['traceparent']).toBe(`00-${stream.traceId}-${streamed?.spanId}-01`);
  });

  it('has the trace id of its log line', async () => {
    const backend = await startBackend();
    const { gateway, get, spans } = await startTraced(oneUpstream(`'${backend.url}'`));
    await (await get('/api/x')).text();
    const { traceId } = server(await spans());
    expect(gateway.log.lines.find(({ msg }) => msg === 'request')).toMatchObject({ traceId });
  });
});

describe('a request that is not sampled', () => {
  it('makes no span, and says so to whoever works for it', async () => {
    const backend = await startBackend();
    const { get, spans } = await startTraced(oneUpstream(`'${backend.url}'`));
    await (await get('/api/x', { traceparent: `00-${TRACE}-${CALLER}-00` })).text();
    expect(await spans()).toEqual([]);
    expect(backend.seen[0]?.headers['traceparent']).toMatch(
      new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`),
    );
  });

  it('by the sampler says so too, whatever the client would like', async () => {
    const backend = await startBackend();
    const { get, spans } = await startTraced(oneUpstream(`'${backend.url}'`), 'always_off');
    await (await get('/api/x')).text();
    await (await get('/api/x', { traceparent: SAMPLED })).text();
    expect(await spans()).toEqual([]);
    for (const { headers } of backend.seen) expect(headers['traceparent']).toMatch(/-00$/);
  });
});
