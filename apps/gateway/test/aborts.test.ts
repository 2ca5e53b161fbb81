import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { startBackend, startRawBackend } from './support/backend.ts';
import { oneUpstream, startGateway } from './support/gateway.ts';

describe('a client that goes', () => {
  it('before the answer ends the request to the service', async () => {
    const backend = await startBackend(() => {});
    const gateway = await startGateway(oneUpstream(backend.url));
    const socket = connect(gateway.port, '127.0.0.1', () =>
      socket.write('GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n'),
    );
    await expect.poll(() => backend.seen.length).toBe(1);
    expect(backend.sockets.size).toBe(1);
    socket.destroy();
    await expect.poll(() => backend.sockets.size).toBe(0);
    await expect
      .poll(() =>
        gateway.metric('http_server_request_duration_seconds_count', {
          http_response_status_code: '499',
        }),
      )
      .toBe(1);
    expect(
      await gateway.metric('http_client_request_duration_seconds_count', { status: 'aborted' }),
    ).toBe(1);
  });

  it('in the middle of the answer ends the request to the service', async () => {
    const backend = await startBackend((_request, response) => response.write('part'));
    const gateway = await startGateway(oneUpstream(backend.url));
    const controller = new AbortController();
    const response = await fetch(`${gateway.url}/api/x`, { signal: controller.signal });
    await (response.body as ReadableStream).getReader().read();
    expect(backend.sockets.size).toBe(1);
    controller.abort();
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('in the middle of its own body ends the request to the service', async () => {
    const backend = await startRawBackend((request) => request.resume().on('error', () => {}));
    const gateway = await startGateway(oneUpstream(backend.url));
    const socket = connect(gateway.port, '127.0.0.1', () =>
      socket.write(
        'POST /api/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n',
      ),
    );
    await expect.poll(() => backend.sockets.size).toBe(1);
    socket.destroy();
    await expect.poll(() => backend.sockets.size).toBe(0);
  });

  it('leaves nothing behind, a thousand times over', async () => {
    const backend = await startBackend((_request, response) => response.write('part'));
    const gateway = await startGateway(oneUpstream(backend.url));
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const controller = new AbortController();
          const response = await fetch(`${gateway.url}/api/x`, { signal: controller.signal });
          if (index % 2 === 0) await (response.body as ReadableStream).getReader().read();
          controller.abort();
        }),
      );
    }
    await expect.poll(() => backend.sockets.size, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => gateway.metric('http_server_requests_in_flight')).toBe(0);
  });
});

describe('a client that reads slowly', () => {
  it('holds up the service instead of filling the gateway', async () => {
    const total = 200_000_000;
    let written = 0;
    const piece = Buffer.alloc(100_000);
    const backend = await startRawBackend((_request, response) => {
      const write = () => {
        while (written < total) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    });
    const gateway = await startGateway(oneUpstream(backend.url));
    const answer = await new Promise<IncomingMessage>((resolve) =>
      httpRequest(`${gateway.url}/api/x`, resolve).end(),
    );
    answer.pause();
    let before = -1;
    await expect
      .poll(
        () => {
          const same = before === written;
          before = written;
          return same;
        },
        { interval: 300, timeout: 10_000 },
      )
      .toBe(true);
    // What the sockets between them hold, far from the whole.
    expect(written).toBeLessThan(total / 4);
    let received = 0;
    for await (const chunk of answer) received += (chunk as Buffer).length;
    expect(received).toBe(total);
  });
});

describe('a service that reads slowly', () => {
  it('holds up the client', async () => {
    const total = 100_000_000;
    let release = () => {};
    let received = 0;
    const backend = await startRawBackend((request, response) => {
      release = () => {
        request.on('data', (chunk: Buffer) => (received += chunk.length));
        request.on('end', () => response.end('done'));
      };
    });
    const gateway = await startGateway(
      oneUpstream(backend.url, { route: 'maxBody: 200MB\n    timeout: 60s' }),
    );
    const piece = Buffer.alloc(100_000);
    let sent = 0;
    const answered = new Promise<IncomingMessage>((resolve) => {
      const request = httpRequest(`${gateway.url}/api/x`, { method: 'POST' }, resolve);
      const write = () => {
        while (sent < total) {
          sent += piece.length;
          if (!request.write(piece)) return void request.once('drain', write);
        }
        request.end();
      };
      write();
    });
    let before = -1;
    await expect
      .poll(
        () => {
          const same = before === sent;
          before = sent;
          return same;
        },
        { interval: 300, timeout: 10_000 },
      )
      .toBe(true);
    expect(sent).toBeLessThan(total / 2);
    release();
    expect((await answered).statusCode).toBe(200);
    expect(received).toBe(total);
  });
});
