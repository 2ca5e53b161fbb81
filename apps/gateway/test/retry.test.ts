import { describe, expect, it } from 'vitest';
import { startBackend, startRawBackend, unusedPort } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

const post = (url: string, body: string | ReadableStream = '{"a":1}') =>
  fetch(`${url}/api/x`, { method: 'POST', body, duplex: 'half' } as RequestInit);

describe('a replica that takes no connection', () => {
  it('is passed over for another, a POST included, and its body arrives once', async () => {
    const backend = await startBackend();
    const refusing = `http://127.0.0.1:${await unusedPort()}`;
    const gateway = await startGateway(oneUpstream(`'${refusing},${backend.url}'`));
    for (let count = 0; count < 4; count += 1) {
      const response = await post(gateway.url);
      expect(response.status).toBe(200);
      await response.text();
    }
    expect(backend.seen.map(({ method, body }) => [method, body])).toEqual(
      Array.from({ length: 4 }, () => ['POST', '{"a":1}']),
    );
    expect(await gateway.metric('gateway_retries_total', { reason: 'ECONNREFUSED' })).toBe(1);
  });

  it('is passed over with a streamed body too', async () => {
    const backend = await startBackend();
    const refusing = `http://127.0.0.1:${await unusedPort()}`;
    const gateway = await startGateway(
      oneUpstream(`'${backend.url},${refusing}'`, { route: 'maxBody: 1MB' }),
    );
    const text = 'y'.repeat(500_000);
    for (const body of [new Blob([text]).stream(), text, new Blob([text]).stream()]) {
      const response = await post(gateway.url, body);
      expect(response.status).toBe(200);
      await response.text();
    }
    expect(backend.seen.every(({ body }) => body === text)).toBe(true);
    expect(backend.seen).toHaveLength(3);
    expect(await gateway.metric('gateway_retries_total')).toBe(1);
  });

  it('is passed over as often as there are others, and no more', async () => {
    const ports = await Promise.all([1, 2, 3].map(unusedPort));
    const backend = await startBackend();
    const refusing = ports.map((port) => `http://127.0.0.1:${port}`);
    const gateway = await startGateway(oneUpstream(`'${[...refusing, backend.url].join()}'`));
    const response = await post(gateway.url);
    expect(response.status).toBe(200);
    await response.text();
    await backend.close();
    const failed = await post(gateway.url);
    expect(failed.status).toBe(503);
    await problemOf(failed);
  });

  it('gets requests again when it is back', async () => {
    const [first, port] = [await startBackend(), await unusedPort()];
    const gateway = await startGateway(oneUpstream(`'${first.url},http://127.0.0.1:${port}'`));
    await (await post(gateway.url)).text();
    await (await post(gateway.url)).text();
    const second = await startBackend(undefined, port);
    await expect
      .poll(
        async () => {
          await (await post(gateway.url)).text();
          return second.seen.length;
        },
        { timeout: 5_000 },
      )
      .toBeGreaterThan(0);
  });

  it('is passed over when the connection is never answered', async () => {
    const backend = await startBackend();
    // 192.0.2.0/24 is reserved for documentation: nobody answers there.
    const gateway = await startGateway(
      oneUpstream(`'http://192.0.2.1:9,${backend.url}'`, { upstream: 'connectTimeout: 200ms' }),
    );
    for (let count = 0; count < 2; count += 1) {
      const response = await post(gateway.url);
      expect(response.status).toBe(200);
      await response.text();
    }
    expect(backend.seen).toHaveLength(2);
  });
});

describe('a replica that breaks the connection after the request was written', () => {
  it('is asked again for GET, once, and the client sees nothing of it', async () => {
    let broken = 0;
    const backend = await startRawBackend((request, response) => {
      if ((broken += 1) === 1) request.socket.destroy();
      else response.end('second');
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    expect(await response.text()).toBe('second');
    expect(broken).toBe(2);
  });

  it('is not asked a third time', async () => {
    let asked = 0;
    const backend = await startRawBackend((request) => {
      asked += 1;
      request.socket.destroy();
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    expect((await fetch(`${gateway.url}/api/x`)).status).toBe(502);
    expect(asked).toBe(2);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('is not asked again for %s', async (method) => {
    let asked = 0;
    const backends = await Promise.all(
      [1, 2].map(() =>
        startRawBackend((request) => {
          asked += 1;
          request.socket.destroy();
        }),
      ),
    );
    const gateway = await startGateway(oneUpstream(`'${backends.map(({ url }) => url).join()}'`));
    expect((await fetch(`${gateway.url}/api/x`, { method })).status).toBe(502);
    expect(asked).toBe(1);
  });

  it('is not asked again once part of an answer has come', async () => {
    let asked = 0;
    const backend = await startRawBackend((_request, response) => {
      asked += 1;
      response.writeHead(200, { 'content-length': '10' });
      response.write('part', () => response.destroy());
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const response = await fetch(`${gateway.url}/api/x`);
    await expect(response.text()).rejects.toThrow();
    expect(asked).toBe(1);
  });
});

it('spreads requests evenly over replicas', async () => {
  const backends = await Promise.all([1, 2, 3].map(() => startBackend()));
  const gateway = await startGateway(oneUpstream(`'${backends.map(({ url }) => url).join()}'`));
  await Promise.all(
    Array.from({ length: 30 }, async () => (await fetch(`${gateway.url}/api/x`)).text()),
  );
  expect(backends.map(({ seen }) => seen.length)).toEqual([10, 10, 10]);
});
