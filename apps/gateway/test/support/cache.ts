import type { ServerResponse } from 'node:http';
import { createTestLogger } from '@woodytoys/testing';
import { expect, onTestFinished } from 'vitest';
import { connectRedis } from '../../src/connections/redis.ts';
import { startBackend } from './backend.ts';
import type { Answering, SeenRequest } from './backend.ts';
import { oneUpstream, startGateway } from './gateway.ts';
import type { RunningGateway } from './gateway.ts';

/** A route `/api/*` with a cache. */
export const cached = (url: string, options = '{}', route = 'timeout: 60s') =>
  oneUpstream(url, { route: `incoming: [{ cache: ${options} }]\n    ${route}` });

/** Answers a number that counts up, with these headers. */
export function counting(headers: Record<string, string | string[]>, status = 200): Answering {
  let count = 0;
  return (_request: SeenRequest, response: ServerResponse) => {
    count += 1;
    response.writeHead(status, { 'content-type': 'text/plain', ...headers });
    response.end(String(count));
  };
}

export async function startCached(answer: Answering, options = '{}', route?: string) {
  const backend = await startBackend(answer);
  const gateway = await startGateway(cached(backend.url, options, route), { trustedProxies: 0 });
  return { backend, gateway };
}

export interface Got {
  readonly status: number;
  readonly text: string;
  readonly how: string | null;
  readonly headers: Headers;
}

/** What a GET gives. */
export async function get(
  { url }: { url: string },
  path = '/api/x',
  init: RequestInit = {},
): Promise<Got> {
  const response = await fetch(url + path, init);
  const text = await response.text();
  const { status, headers } = response;
  return { status, text, how: headers.get('x-cache'), headers };
}

/** How several requests, one after another, were answered. */
export async function hows(
  gateway: { url: string },
  count: number,
  path = '/api/x',
  init: RequestInit = {},
): Promise<readonly (string | null)[]> {
  const found: (string | null)[] = [];
  for (let index = 0; index < count; index += 1) {
    found.push((await get(gateway, path, init)).how);
  }
  return found;
}

/** A connection to Redis that is there. */
export async function readyRedis(url: string) {
  const redis = connectRedis(url, createTestLogger(), 5_000);
  onTestFinished(() => redis.close());
  const ping = () =>
    redis.call('PING').then(
      () => true,
      () => false,
    );
  await expect.poll(ping, { timeout: 15_000 }).toBe(true);
  return redis;
}

/** Until the gateway has said so often that its cache uses Redis. */
export async function untilCacheUsesRedis({ log }: RunningGateway, times = 1): Promise<void> {
  const said = () => log.lines.filter(({ msg }) => msg === 'the cache uses Redis').length;
  await expect.poll(said, { timeout: 15_000 }).toBeGreaterThanOrEqual(times);
}

/** Until so many requests are in these gateways, so that they wait for the same answer. */
export async function untilInFlight(
  gateways: readonly RunningGateway[],
  count: number,
): Promise<void> {
  const inFlight = async () => {
    const each = await Promise.all(
      gateways.map((gateway) => gateway.metric('http_server_requests_in_flight')),
    );
    return each.reduce((sum: number, value) => sum + (value ?? 0), 0);
  };
  await expect.poll(inFlight, { timeout: 30_000 }).toBe(count);
}

/** Answers when it is let go: those that wait now, or also all that will come. */
export function heldBack(answer: Answering) {
  const held: (() => void)[] = [];
  let open = false;
  const holding: Answering = (request, response) => {
    if (open) answer(request, response);
    else held.push(() => answer(request, response));
  };
  const release = ({ forGood = false } = {}) => {
    open = forGood;
    for (const go of held.splice(0)) go();
  };
  return { holding, held, release };
}
