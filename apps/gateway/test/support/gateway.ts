import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { listen } from '@woodytoys/service';
import type { HttpServer } from '@woodytoys/service';
import { createTestLogger } from '@woodytoys/testing';
import type { TestLogger } from '@woodytoys/testing';
import { onTestFinished } from 'vitest';
import { createGateway, gatewayConfigFile } from '../../src/app.ts';
import type { Gateway, GatewayDependencies } from '../../src/app.ts';

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly server: HttpServer;
  readonly url: string;
  readonly port: number;
  readonly log: TestLogger;
  /** Where its configuration is. */
  readonly folder: string;
  readonly configFile: string;
  /** Writes another configuration over the one in use. */
  rewrite(yaml: string): void;
  /** The value of a series of `/metrics`, such as `gateway_retries_total{upstream="a"}`. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
  close(): Promise<void>;
}

/** A folder of files that is gone after the test. */
export function temporaryFiles(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** A gateway with this configuration, on a port of its own. */
export async function startGateway(
  yaml: string,
  options: Partial<Omit<GatewayDependencies, 'configFile' | 'metrics' | 'log'>> = {},
): Promise<RunningGateway> {
  const folder = temporaryFiles({ 'gateway.yaml': yaml });
  const configFile = join(folder, 'gateway.yaml');
  const registry = createMetricsRegistry({ defaultMetrics: false });
  const log = createTestLogger();
  const gateway = createGateway({
    configFile,
    environment: {},
    metrics: registry.service('gateway'),
    log,
    ...options,
  });
  await gateway.start();
  const server = await listen(gateway.handler, {
    port: 0,
    host: '127.0.0.1',
    log,
    upgrade: gateway.upgrade,
  });
  let closed: Promise<void> | undefined;
  const close = () =>
    (closed ??= (async () => {
      await server.close();
      await gateway.stop();
      registry.close();
    })());
  onTestFinished(close);
  return {
    gateway,
    server,
    url: `http://127.0.0.1:${server.port}`,
    port: server.port,
    log,
    folder,
    configFile,
    close,
    rewrite: (text) => writeFileSync(configFile, text),
    async metric(name, labels = {}) {
      const { body } = await registry.expose();
      const line = body
        .split('\n')
        .filter((text) => text.startsWith(`${name}{`))
        .find((text) =>
          Object.entries(labels).every(([key, value]) => text.includes(`${key}="${value}"`)),
        );
      return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
  };
}

/** The configuration that the gateway comes with, for a file elsewhere. */
export function shippedConfig(): string {
  const folder = dirname(gatewayConfigFile);
  return readFileSync(gatewayConfigFile, 'utf8')
    .replaceAll('contract: ../', `contract: ${resolve(folder, '..')}/`)
    .replace("include: ['", `include: ['${folder}/`);
}

/** One upstream `a` of these replicas, and a route `/api/*` to it. */
export function oneUpstream(
  discover: string,
  { upstream = '', route = '' }: { upstream?: string; route?: string } = {},
): string {
  return `
upstreams:
  a:
    discover: ${discover}
    ${upstream}
routes:
  - path: /api/*
    methods: [GET, POST, PUT, PATCH, DELETE]
    endpoint: { http: { upstream: a, path: '/*' } }
    ${route}
`;
}

/** Writes bytes to a socket and reads until the other side ends or `untilText` has come. */
export function sendRaw(
  port: number,
  text: string | Buffer,
  { untilText, timeoutMs = 5_000 }: { untilText?: string; timeoutMs?: number } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(received);
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (untilText !== undefined && received.includes(untilText)) finish();
    });
    socket.on('close', finish);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') finish();
      else reject(error);
    });
  });
}

/** The parsed problem of an answer, with its content type checked. */
export async function problemOf(response: Response): Promise<Record<string, unknown>> {
  const type = response.headers.get('content-type');
  if (type !== 'application/problem+json') throw new Error(`not a problem but ${type}`);
  return (await response.json()) as Record<string, unknown>;
}
