import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetricsRegistry } from '@woodytoys/metrics';
import type { MetricsRegistry } from '@woodytoys/metrics';
import { listen } from '@woodytoys/service';
import type { HttpServer } from '@woodytoys/service';
import { createTestLogger } from '@woodytoys/testing';
import { onTestFinished } from 'vitest';
import { createConsoleApp } from '../../src/app.ts';
import type { ConsoleApp, ConsoleDependencies } from '../../src/app.ts';
import { PageError } from '../../src/page.ts';

export interface RunningConsole {
  readonly url: string;
  readonly app: ConsoleApp;
  readonly server: HttpServer;
  readonly registry: MetricsRegistry;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  put(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** A console on a port of its own, fed by a registry of its own, without a platform unless given. */
export async function startConsole(
  options: Partial<ConsoleDependencies> = {},
): Promise<RunningConsole> {
  const registry = createMetricsRegistry();
  const log = createTestLogger();
  const app = createConsoleApp({
    metrics: registry.service('console'),
    log,
    source: { expose: async () => (await registry.expose()).body },
    gateways: async () => [],
    entry: () => 'http://127.0.0.1:9',
    surroundings: { entry: 'nginx', stores: { database: 'postgres', broker: 'rabbitmq' } },
    trafficLimitMs: 60_000,
    page: async () => {
      throw new PageError('The page is not built.');
    },
    ...options,
  });
  await app.start();
  const server = await listen(app.handler, { port: 0, host: '127.0.0.1', log });
  onTestFinished(async () => {
    await app.stop();
    await server.close();
    registry.close();
  });
  const url = `http://127.0.0.1:${server.port}`;
  const send =
    (method: string) =>
    (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
      fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
  return { url, app, server, registry, post: send('POST'), put: send('PUT') };
}

export interface Platform {
  readonly url: string;
  /** `GET /path` of each request so far. */
  readonly requests: readonly string[];
  /** No answers from now on; those that wait are cut. */
  stop(): void;
}

/** What a console asks, answered by a test over real HTTP. */
export async function startPlatform(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Platform> {
  const requests: string[] = [];
  const take: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  };
  const server = createServer(take);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(stop);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, stop };
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
