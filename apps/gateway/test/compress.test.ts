import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEncoding, ENCODINGS } from '../src/filters/compress/accept-encoding.ts';
import { startRawBackend } from './support/backend.ts';
import { startGateway } from './support/gateway.ts';
import { startRoute } from './support/shaping.ts';

const LONG = JSON.stringify({ text: 'héllo '.repeat(1_000) });
const route = { path: '/*', outgoing: ['compress'] };

const UNPACK = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  zstd: zlib.zstdDecompressSync,
} as const;

/** `fetch` would unpack the answer. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, headers }, resolve).on('error', reject).end();
  });
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A route to a backend that answers LONG with these headers. */
const answering = (headers: Record<string, string | string[]>, body = LONG, status = 200) =>
  startRoute(route, (_request, response) => {
    const length = String(Buffer.byteLength(body));
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': length,
      ...headers,
    });
    response.end(body);
  });

describe('compress', () => {
  it.each(ENCODINGS)('packs by %s, with headers that are true of it', async (encoding) => {
    const { gateway } = await answering({ etag: '"1"', vary: 'Origin', 'accept-ranges': 'bytes' });
    const response = await ask(`${gateway.url}/x`, { 'accept-encoding': encoding });
    const packed = await bytesOf(response);
    expect(UNPACK[encoding](packed).toString()).toBe(LONG);
    expect(packed.length).toBeLessThan(1_000);
    expect(response.headers).toMatchObject({
      'content-encoding': encoding,
      etag: 'W/"1"',
      vary: 'Origin, Accept-Encoding',
    });
    expect(response.headers).not.toHaveProperty('content-length');
    expect(response.headers).not.toHaveProperty('accept-ranges');
    const labels = { decider: 'compress', outcome: encoding };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, br', 'br'],
    ['gzip;q=1, br;q=0.9', 'gzip'],
    ['br;q=0, *', 'zstd'],
    ['*;q=0.5, gzip;q=0', 'zstd'],
    ['x-gzip', 'gzip'],
    ['GZIP ; Q=0.5', 'gzip'],
    ['gzip;q=0.4, identity;q=0.5', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=x', undefined],
    ['gzip;q=0.000', undefined],
    ['unknown;q=1, gzip;q=0.001', 'gzip'],
  ])('chooses for Accept-Encoding %j: %s', (header, expected) => {
    expect(chooseEncoding(header, ENCODINGS)).toBe(expected);
  });

  it('chooses what is offered, or nothing, whatever a client sends', () => {
    const piece = fc.constantFrom(
      'gzip',
      'br',
      '*',
      'identity',
      ';',
      'q=',
      '0',
      '1',
      '.',
      ',',
      ' ',
    );
    const header = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(header, (any) => {
        const chosen = chooseEncoding(any, ['br', 'gzip']);
        expect([undefined, 'br', 'gzip']).toContain(chosen);
        if (chosen !== undefined) expect(any.toLowerCase()).toMatch(/gzip|br|\*/);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['is packed already', { 'content-encoding': 'gzip' }, LONG, 200],
    ['is a part', { 'content-range': 'bytes 0-9/20' }, LONG, 206],
    ['must not be transformed', { 'cache-control': 'public, no-transform' }, LONG, 200],
    ['is an image', { 'content-type': 'image/png' }, LONG, 200],
    ['is short', {}, '{}', 200],
  ])('leaves an answer alone that %s', async (_name, headers, body, status) => {
    const { gateway } = await answering({ etag: '"1"', ...headers }, body, status);
    const response = await ask(`${gateway.url}/x`, { 'accept-encoding': 'gzip' });
    expect((await bytesOf(response)).toString()).toBe(body);
    expect(response.headers['content-encoding']).toBe(
      (headers as Record<string, string>)['content-encoding'],
    );
    expect(response.headers['content-length']).toBe(String(Buffer.byteLength(body)));
    expect(response.headers.etag).toBe('"1"');
    const labels = { decider: 'compress', outcome: 'identity' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('says that the answer varies also where it does not pack it, and only once', async () => {
    const { gateway } = await answering({ vary: ['accept-encoding', 'Origin'] });
    const plain = await ask(`${gateway.url}/x`);
    expect((await bytesOf(plain)).toString()).toBe(LONG);
    expect(plain.headers.vary).toBe('accept-encoding, Origin');
    const any = await answering({ vary: '*' });
    expect((await ask(`${any.gateway.url}/x`)).headers.vary).toBe('*');
  });

  it('leaves HEAD, 204 and 304 alone', async () => {
    const { gateway } = await startRoute(route, (seen, response) => {
      const status = seen.method === 'HEAD' ? 200 : Number(seen.url.slice(1));
      response.writeHead(status, { 'content-type': 'application/json', etag: '"1"' });
      response.end();
    });
    for (const [method, path, status] of [
      ['HEAD', '/200', 200],
      ['GET', '/204', 204],
      ['GET', '/304', 304],
    ] as const) {
      const response = await ask(gateway.url + path, { 'accept-encoding': 'gzip' }, method);
      await bytesOf(response);
      expect(response.statusCode).toBe(status);
      expect(response.headers.etag).toBe('"1"');
      expect(response.headers).not.toHaveProperty('content-encoding');
    }
  });

  it.each(ENCODINGS)('hands on each piece of a stream at once by %s', async (encoding) => {
    let next: () => void = () => undefined;
    const backend = await startRawBackend((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-ndjson+json' });
      response.write('{"n":1}\n');
      next = () => response.end('{"n":2}\n');
    });
    const gateway = await startGateway(
      JSON.stringify({
        upstreams: { a: { discover: backend.url } },
        routes: [{ ...route, methods: ['GET'], endpoint: { http: { upstream: 'a' } } }],
      }),
    );
    const response = await ask(`${gateway.url}/x`, { 'accept-encoding': encoding });
    const create = {
      gzip: zlib.createGunzip,
      br: zlib.createBrotliDecompress,
      zstd: zlib.createZstdDecompress,
    }[encoding];
    const lines = response.pipe(create()).setEncoding('utf8')[Symbol.asyncIterator]();
    // The backend ends only when the first piece has come through.
    expect((await lines.next()).value).toBe('{"n":1}\n');
    next();
    expect((await lines.next()).value).toBe('{"n":2}\n');
  });

  it('does not touch server-sent events', async () => {
    const { gateway } = await answering({ 'content-type': 'text/event-stream' }, 'data: 1\n\n');
    const response = await ask(`${gateway.url}/x`, { 'accept-encoding': 'gzip' });
    expect(response.headers).not.toHaveProperty('content-encoding');
    expect((await bytesOf(response)).toString()).toBe('data: 1\n\n');
  });

  it('packs large answers whole, and ends with the client and with the service', async () => {
    const total = 20_000_000;
    const piece = Buffer.alloc(100_000, 'x');
    const backend = await startRawBackend((seen, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      let written = 0;
      const write = () => {
        while (written < total) {
          written += piece.length;
          if (seen.url === '/breaks' && written > total / 2) return void response.destroy();
          if (!response.write(piece)) return void response.once('drain', write);
        }
        if (seen.url !== '/endless') return void response.end();
        written = 0;
        setTimeout(write, 5);
      };
      write();
    });
    const gateway = await startGateway(
      JSON.stringify({
        upstreams: { a: { discover: backend.url } },
        routes: [{ ...route, methods: ['GET'], endpoint: { http: { upstream: 'a' } } }],
      }),
    );
    const headers = { 'accept-encoding': 'gzip' };
    const whole = await bytesOf(await ask(`${gateway.url}/whole`, headers));
    expect(zlib.gunzipSync(whole).length).toBe(total);
    await expect(bytesOf(await ask(`${gateway.url}/breaks`, headers))).rejects.toThrow('aborted');
    const endless = await ask(`${gateway.url}/endless`, headers);
    await new Promise((resolve) => endless.once('data', resolve));
    endless.destroy();
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('stands around other filters and the endpoint when it is incoming', async () => {
    const gateway = await startGateway(
      JSON.stringify({
        upstreams: {},
        routes: [
          {
            path: '/x',
            methods: ['GET'],
            incoming: [{ compress: { encodings: ['br'], minSize: '2B' } }],
            endpoint: { reply: { text: 'héllo' } },
          },
        ],
      }),
    );
    const response = await ask(`${gateway.url}/x`, { 'accept-encoding': 'gzip, br' });
    expect(response.headers['content-encoding']).toBe('br');
    const packed = await bytesOf(response);
    expect(response.headers['content-length']).toBe(String(packed.length));
    expect(zlib.brotliDecompressSync(packed).toString()).toBe('héllo');
  });
});
