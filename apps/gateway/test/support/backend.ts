import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

/** A real service for the gateway to stand before. */
export interface Backend {
  readonly port: number;
  readonly url: string;
  /** Every request that came whole, in order. */
  readonly seen: readonly SeenRequest[];
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

export type Answering = (request: SeenRequest, response: ServerResponse) => void;

/** Answers each request when its body is whole; 200 with what it saw, as JSON, unless told. */
export function startBackend(
  answer: Answering = (request, response) => sendJson(response, 200, request),
  port = 0,
): Promise<Backend> {
  const seen: SeenRequest[] = [];
  return startRawBackend(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers, rawHeaders } = request;
        const body = Buffer.concat(chunks).toString();
        const whole = { method, url, headers, rawHeaders, body };
        seen.push(whole);
        answer(whole, response);
      });
    },
    port,
    seen,
  );
}

/** The same, with the request as it comes. */
export async function startRawBackend(
  listener: RequestListener,
  port = 0,
  seen: readonly SeenRequest[] = [],
): Promise<Backend> {
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 75_000 }, listener);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  const { port: bound } = server.address() as AddressInfo;
  return { port: bound, url: `http://127.0.0.1:${bound}`, seen, sockets, close };
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

/** A port at which nothing listens. */
export async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
