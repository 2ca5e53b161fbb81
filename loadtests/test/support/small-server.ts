/** A server as small as a target can be: what a path answers, how fast, and who asked. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SmallServer {
  readonly origin: string;
  /** Requests so far by path, without the query. */
  readonly asked: ReadonlyMap<string, number>;
  /** The addresses that requests came from. */
  readonly clients: ReadonlySet<string>;
  /** The `Host` of each request. */
  readonly hosts: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface SmallAnswer {
  readonly status?: number;
  readonly body?: string;
  readonly delayMs?: number;
}

export interface SmallServerOptions {
  /** By path; what is not here is 404. */
  readonly answers: Readonly<Record<string, SmallAnswer>>;
  /** Announced with each answer. */
  readonly policy?: string;
}

export async function startSmallServer({
  answers,
  policy,
}: SmallServerOptions): Promise<SmallServer> {
  const asked = new Map<string, number>();
  const clients = new Set<string>();
  const hosts = new Set<string>();
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://small').pathname;
    asked.set(path, (asked.get(path) ?? 0) + 1);
    clients.add(request.socket.remoteAddress ?? '');
    hosts.add(request.headers.host ?? '');
    request.resume();
    const { status = 200, body = '', delayMs = 0 } = answers[path] ?? { status: 404 };
    if (delayMs > 0) await sleep(delayMs);
    if (policy !== undefined) response.setHeader('ratelimit-policy', policy);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    clients,
    hosts,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
