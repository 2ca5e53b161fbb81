import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Answering } from './support/backend.ts';
import { problemOf } from './support/gateway.ts';
import { postJson, startRoute } from './support/shaping.ts';

const incoming = (options: Record<string, unknown>) => ({
  path: '/x/{id}',
  incoming: [{ transform: options }],
});
const outgoing = (options: Record<string, unknown>) => ({
  path: '/x/{id}',
  outgoing: [{ transform: options }],
});

/** A process that runs expressions has to start first, on a busy machine. */
const PATIENT = { timeout: '5s' };

const answering =
  (body: string | Buffer, headers: Record<string, string> = {}, status = 200): Answering =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };

const order = {
  id: 7,
  lines: [
    { product: 'Yoyo', price: 2 },
    { product: 'Train', price: 3 },
  ],
};

describe('transform of a request', () => {
  it('sends what the expression makes of the body, the headers and the parameters', async () => {
    const expression =
      '{ "shop": $parameters.id, "tags": $query.tag, "tenant": $headers.`x-tenant`, "by": $method, "sum": $sum(lines.price) }';
    const { backend, gateway } = await startRoute(incoming({ expression, ...PATIENT }));
    const response = await fetch(`${gateway.url}/x/9?tag=a&tag=b`, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-tenant': 'main' },
      body: JSON.stringify(order),
    });
    expect(response.status).toBe(200);
    const [seen] = backend.seen;
    const expected = { shop: '9', tags: ['a', 'b'], tenant: 'main', by: 'POST', sum: 5 };
    expect(JSON.parse(seen?.body as string)).toEqual(expected);
    expect(seen?.headers['content-type']).toBe('application/json');
    expect(seen?.headers['content-length']).toBe(String(seen?.body.length));
    const labels = { decider: 'transform', outcome: 'transformed' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('makes text, and reads a packed body', async () => {
    const { backend, gateway } = await startRoute(
      incoming({ expression: '$join(lines.product, "\n")', output: 'text', ...PATIENT }),
    );
    const response = await fetch(`${gateway.url}/x/1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: zlib.gzipSync(JSON.stringify(order)),
    });
    expect(response.status).toBe(200);
    const [seen] = backend.seen;
    expect(seen?.body).toBe('Yoyo\nTrain');
    expect(seen?.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(seen?.headers).not.toHaveProperty('content-encoding');
  });

  it('leaves a request without a body as it is', async () => {
    const { backend, gateway } = await startRoute(incoming({ expression: 'id' }));
    expect((await fetch(`${gateway.url}/x/1`)).status).toBe(200);
    expect(backend.seen[0]).toMatchObject({ method: 'GET', body: '' });
  });

  it.each([
    ['no JSON', { 'content-type': 'application/json' }, '{', 400],
    ['an image', { 'content-type': 'image/png' }, 'x', 415],
    [
      'an unknown encoding',
      { 'content-type': 'application/json', 'content-encoding': 'x' },
      '1',
      415,
    ],
    [
      'a broken encoding',
      { 'content-type': 'application/json', 'content-encoding': 'br' },
      '1',
      415,
    ],
    [
      'a bomb',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      zlib.gzipSync(Buffer.alloc(20_000_000, ' ')),
      413,
    ],
    [
      'too many encodings',
      { 'content-type': 'text/plain', 'content-encoding': 'gzip,gzip,gzip' },
      'x',
      415,
    ],
    ['more than may be', { 'content-type': 'application/json' }, `"${'x'.repeat(60_000)}"`, 413],
  ])('refuses %s', async (_name, headers, body, status) => {
    const { backend, gateway } = await startRoute(
      incoming({ expression: '$', maxBody: '50kB', ...PATIENT }),
    );
    const response = await fetch(`${gateway.url}/x/1`, { method: 'POST', headers, body });
    expect(response.status).toBe(status);
    await problemOf(response);
    expect(backend.seen).toHaveLength(0);
  });

  it('answers 500 when the expression fails, with the reason in the log alone', async () => {
    const { backend, gateway } = await startRoute(
      incoming({ expression: '$error("inner secret")', ...PATIENT }),
    );
    const response = await postJson(`${gateway.url}/x/1`, order);
    expect(response.status).toBe(500);
    expect(JSON.stringify(await problemOf(response))).not.toContain('secret');
    await expect
      .poll(() =>
        gateway.log.lines.filter((line) => line.level === 50).map((line) => JSON.stringify(line)),
      )
      .toEqual([expect.stringContaining('inner secret')]);
    expect(backend.seen).toHaveLength(0);
    const labels = { decider: 'transform', outcome: 'failed' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('refuses a configuration whose expression is none', async () => {
    await expect(startRoute(incoming({ expression: '{ "a": ' }))).rejects.toThrow(
      'the expression is no JSONata',
    );
  });
});

describe('transform of an answer', () => {
  it('answers what the expression makes of it, with headers that are true of it', async () => {
    const { backend, gateway } = await startRoute(
      outgoing({
        expression: '{ "products": lines.product, "status": $status, "was": $headers.etag }',
        ...PATIENT,
      }),
      answering(JSON.stringify(order), {
        etag: '"1"',
        'accept-ranges': 'bytes',
        'content-digest': 'sha-256=:x:',
        'x-kept': 'yes',
      }),
    );
    const response = await fetch(`${gateway.url}/x/1`, {
      headers: { range: 'bytes=0-1', 'if-none-match': '"1"', 'accept-encoding': 'gzip' },
    });
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({ products: ['Yoyo', 'Train'], status: 200, was: '"1"' });
    expect(response.headers.get('content-length')).toBe(String(text.length));
    for (const name of ['etag', 'accept-ranges', 'content-digest', 'content-encoding']) {
      expect(response.headers.has(name)).toBe(false);
    }
    expect(response.headers.get('x-kept')).toBe('yes');
    const seen = backend.seen[0]?.headers;
    expect(seen?.['accept-encoding']).toBe('identity');
    expect(seen).not.toHaveProperty('range');
    expect(seen).not.toHaveProperty('if-none-match');
  });

  it.each([
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
    ['zstd', zlib.zstdCompressSync],
    ['deflate', zlib.deflateSync],
  ])('unpacks an answer that the service packed by %s all the same', async (encoding, pack) => {
    const { gateway } = await startRoute(
      outgoing({ expression: 'id', ...PATIENT }),
      answering(pack(Buffer.from(JSON.stringify(order))), { 'content-encoding': encoding }),
    );
    const response = await fetch(`${gateway.url}/x/1`);
    expect(await response.text()).toBe('7');
  });

  it('takes text, and makes HTML of it', async () => {
    const { gateway } = await startRoute(
      outgoing({
        expression: '"<b>" & $uppercase($) & "</b>"',
        output: 'text',
        contentType: 'text/html; charset=utf-8',
        ...PATIENT,
      }),
      answering('héllo', { 'content-type': 'text/plain; charset=utf-8' }),
    );
    const response = await fetch(`${gateway.url}/x/1`);
    expect(await response.text()).toBe('<b>HÉLLO</b>');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  it('leaves errors, HEAD and answers without a body alone, unless it is told to take errors', async () => {
    const refusing = answering(
      '{"title":"no"}',
      { 'content-type': 'application/problem+json' },
      404,
    );
    const plain = await startRoute(outgoing({ expression: 'title', ...PATIENT }), refusing);
    expect(await (await fetch(`${plain.gateway.url}/x/1`)).text()).toBe('{"title":"no"}');
    const head = await fetch(`${plain.gateway.url}/x/1`, { method: 'HEAD' });
    expect(head.status).toBe(404);
    expect(head.headers.has('content-length')).toBe(false);
    const told = await startRoute(
      outgoing({ expression: 'title', errors: true, ...PATIENT }),
      refusing,
    );
    expect(await (await fetch(`${told.gateway.url}/x/1`)).text()).toBe('"no"');
    const empty = await startRoute(outgoing({ expression: '1' }), answering('', {}, 204));
    expect((await fetch(`${empty.gateway.url}/x/1`)).status).toBe(204);
  });

  it.each([
    ['the expression fails', { expression: '1 + "a"' }, answering('{}')],
    ['the answer is no JSON', { expression: '$' }, answering('{')],
    ['the answer is no text', { expression: '$' }, answering('x', { 'content-type': 'image/png' })],
    [
      'the answer is too large',
      { expression: '1', maxBody: '1kB' },
      answering(`"${'x'.repeat(2_000)}"`),
    ],
    [
      'the result is too large',
      { expression: '$pad("", 2000, "x")', maxBody: '1kB' },
      answering('{}'),
    ],
    ['the result is no text', { expression: '1', output: 'text' }, answering('{}')],
    ['the answer is a part', { expression: '$' }, answering('{}', {}, 206)],
    [
      'the encoding is broken',
      { expression: '$' },
      answering('{}', { 'content-encoding': 'gzip' }),
    ],
  ])('answers 502 and nothing of the answer when %s', async (_name, options, answer) => {
    const { gateway } = await startRoute(outgoing({ ...PATIENT, ...options }), answer);
    const response = await fetch(`${gateway.url}/x/1`);
    expect(response.status).toBe(502);
    expect((await problemOf(response))['detail']).toBe(
      'The answer of the service could not be used.',
    );
  });
});

describe('an expression that does not end', () => {
  it.each([
    ['calls itself', '( $f := function($x) { $f($x) }; $f(1) )'],
    ['matches a pattern for ever', '$match($pad("", 60, "a") & "!", /(a+)+$/)'],
    ['fills the memory', '( $f := function($x) { 1 + $f($x) }; $f(1) )'],
    ['makes one thing that is larger than the memory', '[1..10000000].{ "a": $ }'],
  ])(
    'is ended when it %s, and the gateway goes on',
    async (_name, expression) => {
      const { gateway } = await startRoute(
        {
          path: '/x/{id}',
          outgoing: [{ transform: { expression: `id = 1 ? ${expression} : id`, timeout: '3s' } }],
        },
        (request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(`{"id":${request.url.slice('/x/'.length)}}`);
        },
      );
      const order: string[] = [];
      const stuck = fetch(`${gateway.url}/x/1`).then(async (response) => {
        order.push('stuck');
        expect(response.status).toBe(502);
        await problemOf(response);
      });
      // The gateway's own loop is free meanwhile.
      const other = await fetch(`${gateway.url}/none`);
      order.push('other');
      expect(other.status).toBe(404);
      await stuck;
      expect(order).toEqual(['other', 'stuck']);
      // A process in its place takes the next one.
      await expect.poll(async () => (await fetch(`${gateway.url}/x/2`)).status).toBe(200);
    },
    60_000,
  );

  it('goes on over a reload with the processes that it has', async () => {
    const { backend, gateway } = await startRoute(outgoing({ expression: 'method', ...PATIENT }));
    expect(await (await fetch(`${gateway.url}/x/1`)).text()).toBe('"GET"');
    gateway.rewrite(
      JSON.stringify({
        upstreams: { a: { discover: backend.url } },
        routes: [
          {
            path: '/x/{id}',
            methods: ['GET'],
            outgoing: [{ transform: { expression: 'url', ...PATIENT } }],
            endpoint: { http: { upstream: 'a' } },
          },
        ],
      }),
    );
    await gateway.gateway.reload();
    expect(await (await fetch(`${gateway.url}/x/1`)).text()).toBe('"/x/1"');
  });
});
