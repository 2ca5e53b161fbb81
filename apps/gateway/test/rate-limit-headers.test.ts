import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startBackend } from './support/backend.ts';
import { oneUpstream, startGateway } from './support/gateway.ts';

const WINDOW_MS = 3_600_000;

/** express-rate-limit as it is, in an express application. */
async function startExpress(limit: number): Promise<string> {
  const app = express();
  app.use(
    rateLimit({
      limit,
      windowMs: WINDOW_MS,
      identifier: 'default',
      standardHeaders: 'draft-8',
      legacyHeaders: false,
    }),
  );
  app.use((_request, response) => void response.json({}));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answers(url: string, count: number) {
  const found: Record<string, unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    const response = await fetch(`${url}/api/x`);
    await response.text();
    found.push({
      status: response.status,
      limit: response.headers.get('ratelimit'),
      policy: response.headers.get('ratelimit-policy'),
      retryAfter: response.headers.get('retry-after'),
    });
  }
  return found;
}

describe('the headers of a rate limit', () => {
  it('are those of express-rate-limit, request by request', async () => {
    const backend = await startBackend();
    const gateway = await startGateway(
      oneUpstream(backend.url, {
        route: 'incoming: [{ rateLimit: { limit: 3, window: 1h } }]',
      }),
    );
    // An hour, so that a second that passes between the two is all that may differ.
    const rounded = (all: readonly Record<string, unknown>[]) =>
      JSON.stringify(all).replaceAll(/\b3(?:600|59\d)\b(?=")/g, 'about 3600');
    const theirs = await answers(await startExpress(3), 5);
    expect(theirs.map(({ status }) => status)).toEqual([200, 200, 200, 429, 429]);
    expect(rounded(await answers(gateway.url, 5))).toBe(rounded(theirs));
  });
});
