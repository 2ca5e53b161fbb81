/** The limits of a running compose stack: a small one of the test's own, of real containers. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { imageAvailable, missingEngine } from '@woodytoys/infra/compose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitForRun } from '../src/k6/limit-for-run.ts';
import { freePort } from '../src/k6/ports.ts';
import { RAISED_LIMIT } from '../src/k6/raise-limit.ts';
import { readPolicy } from '../src/k6/rate-limit.ts';
import { findStack } from '../src/k6/stack.ts';

const run = promisify(execFile);
const IMAGE = 'node:24-bookworm-slim';
const missing =
  (await missingEngine()) ??
  ((await imageAvailable(IMAGE)) ? undefined : `the image ${IMAGE} cannot be had`);

/** Announces its limit, and tells how it was started. */
const SERVER = `require('node:http').createServer((request, response) => {
  response.setHeader('ratelimit-policy', '"default"; q=' + process.env.RATE_LIMIT + '; w=60');
  response.end(process.env.LOG_LEVEL);
}).listen(8080)`;

const COMPOSE = `
services:
  gateway:
    image: ${IMAGE}
    init: true
    command: [node, -e, ${JSON.stringify(SERVER)}]
    environment:
      RATE_LIMIT: \${RATE_LIMIT:-600}
      LOG_LEVEL: \${LOG_LEVEL:-info}
    labels: { colour: '\${COLOUR:-red}' }
    ports: ['127.0.0.1:\${ENTRY_PORT:-8080}:8080']
    healthcheck:
      interval: 1s
      test: [CMD, node, -e, 'fetch("http://127.0.0.1:8080").catch(() => process.exit(1))']
  nginx:
    image: ${IMAGE}
    init: true
    command: [sleep, infinity]
    environment: { NGINX_RATE_LIMIT: '\${NGINX_RATE_LIMIT:-300}' }
`;

describe.skipIf(missing)(
  missing ? `the limit of a stack (skipped: ${missing})` : 'the limit of a stack',
  { timeout: 180_000 },
  () => {
    const project = `woodytoys-limit-${process.pid}`;
    let folder: string;
    let target: string;
    const compose = (environment: Record<string, string>, ...args: string[]) =>
      run('docker', ['compose', '-p', project, '-f', join(folder, 'compose.yml'), ...args], {
        env: { ...process.env, ENTRY_PORT: new URL(target).port, ...environment },
      });
    const up = (environment: Record<string, string>) =>
      compose(environment, 'up', '--detach', '--wait');
    const policy = () => readPolicy(target, { probes: ['/'] }, {});
    const raise = async (requestsPerSecond: number) =>
      limitForRun({
        target,
        announced: await policy(),
        requestsPerSecond,
        stack: await findStack(target),
        keep: false,
        say: () => {},
      });

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'woodytoys-limit-'));
      await writeFile(join(folder, 'compose.yml'), COMPOSE);
      target = `http://127.0.0.1:${await freePort()}`;
      await up({ LOG_LEVEL: 'debug' });
    }, 180_000);
    afterAll(async () => {
      await compose({}, 'down', '--timeout', '1');
      await rm(folder, { recursive: true });
    }, 60_000);

    it('is the strictest of the gateway’s and the entry’s, which announces none', async () => {
      expect(await findStack(target)).toMatchObject({
        project,
        services: { gateway: { replicas: 1, environment: { RATE_LIMIT: '600' } } },
      });
      expect(await raise(1)).toMatchObject({ note: '300 per client in 60 s' });
    });

    it('is raised for a run and put back, everything else as it was started', async () => {
      const { note, restore } = await raise(8);
      expect(note).toContain(`raised to ${RAISED_LIMIT} a minute`);
      expect(note).toContain('before: gateway 600, nginx 300');
      expect(await policy()).toEqual({ requests: RAISED_LIMIT, windowSeconds: 60 });
      expect(await (await fetch(target)).text()).toBe('debug');
      const entry = (await findStack(target))?.services['nginx'];
      expect(entry?.environment['NGINX_RATE_LIMIT']).toBe(String(RAISED_LIMIT));

      await restore();
      expect(await policy()).toEqual({ requests: 600, windowSeconds: 60 });
      expect(await (await fetch(target)).text()).toBe('debug');
    });

    it('is left alone when the stack could not be put back as it was started', async () => {
      await up({ LOG_LEVEL: 'debug', COLOUR: 'blue' });
      await expect(raise(8)).rejects.toThrow(/gateway of the stack .* would not come back/);
      expect(await policy()).toEqual({ requests: 600, windowSeconds: 60 });
    });
  },
);
