import {
  createTestDatabase,
  createTestVirtualHost,
  describeWithRabbit,
  describeWithRedis,
  redisUrl,
  waitFor,
} from '@woodytoys/testing';
import type { TestDatabase, TestVirtualHost } from '@woodytoys/testing';
import { freePort } from '@woodytoys/testing/ports';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startProcess } from './fixtures/start-process.ts';
import type { StartedProcess } from './fixtures/start-process.ts';

const running: StartedProcess[] = [];
function start(...parameters: Parameters<typeof startProcess>): StartedProcess {
  const started = startProcess(...parameters);
  running.push(started);
  return started;
}
afterEach(async () => {
  for (const started of running.splice(0)) {
    started.kill('SIGKILL');
    await started.exited;
  }
});

const statusOf = (url: string) => fetch(url).then(({ status }) => status);

describe('a wrong environment', () => {
  test('ends the process with code 1 and one line that names every variable', async () => {
    const started = start({
      PORT: 'http',
      AMQP_URL: 'http://localhost',
      SEED_SCALE: '-1',
      CACHE: 'maybe',
    });
    expect(await started.exited).toBe(1);
    expect(started.lines).toHaveLength(1);
    const [{ level, msg } = { level: '', msg: '' }] = started.lines;
    expect(level).toBe('fatal');
    for (const name of ['PORT', 'DATABASE_URL', 'REDIS_URL', 'AMQP_URL', 'SEED_SCALE', 'CACHE']) {
      expect(msg).toContain(`${name}:`);
    }
    expect(msg).not.toContain('DATABASE_DIRECT_URL');
  });
});

describe('while the database cannot be reached', () => {
  test('the process is alive, not ready, and ends in order when told to', async () => {
    const privatePort = await freePort();
    const started = start({
      ...addresses(await freePort(), privatePort),
      DATABASE_URL: `postgres://nobody:secret@127.0.0.1:${await freePort()}/none`,
      REDIS_URL: 'redis://127.0.0.1:1',
      AMQP_URL: 'amqp://127.0.0.1:1',
    });
    const at = `http://127.0.0.1:${privatePort}`;
    await waitFor(() => statusOf(`${at}/livez`).then((status) => status === 200));
    const ready = await fetch(`${at}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.headers.get('content-type')).toContain('application/problem+json');

    started.kill('SIGTERM');
    expect(await started.exited).toBe(0);
    expect(JSON.stringify(started.lines)).not.toContain('secret');
  });
});

describeWithRedis('with all its backing services', () => {
  describeWithRabbit('a service', () => {
    let database: TestDatabase;
    let virtualHost: TestVirtualHost;
    beforeAll(async () => {
      database = await createTestDatabase();
      virtualHost = await createTestVirtualHost();
    }, 160_000);
    afterAll(async () => {
      await database.drop();
      await virtualHost.drop();
    });

    const backing = () => ({
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl(),
      AMQP_URL: virtualHost.url,
    });

    test('migrates, seeds once, answers, and drains on SIGTERM without losing a request', async () => {
      const port = await freePort();
      const privatePort = await freePort();
      const environment = {
        ...addresses(port, privatePort),
        ...backing(),
        SEED_SCALE: '0.5',
        GREETING: 'good day',
        DRAIN_DELAY_MS: '1500ms',
      };
      const at = `http://127.0.0.1:${port}`;
      const privateAt = `http://127.0.0.1:${privatePort}`;
      const started = start(environment);
      await waitFor(() => statusOf(`${privateAt}/readyz`).then((s) => s === 200), 60_000);
      expect(await fetch(at).then((response) => response.json())).toEqual({
        greeting: 'good day',
        notes: ['seeded 0.5'],
      });
      const metrics = await fetch(`${privateAt}/metrics`).then((response) => response.text());
      expect(metrics).toMatch(/db_pool_limit\{[^}]*service="fixture"/);

      const slow = fetch(`${at}/slow`);
      started.kill('SIGTERM');
      await waitFor(() => statusOf(`${privateAt}/readyz`).then((status) => status === 503));
      const late = await fetch(at);
      expect(late.status).toBe(200);
      expect((await slow).status).toBe(200);
      expect(await started.exited).toBe(0);
      expect(started.lines.map(({ msg }) => msg)).toContain('app stopped');

      const again = start(environment);
      await waitFor(() => statusOf(`${privateAt}/readyz`).then((s) => s === 200), 60_000);
      expect(await fetch(at).then((response) => response.json())).toMatchObject({
        notes: ['seeded 0.5'],
      });
      again.kill('SIGTERM');
      expect(await again.exited).toBe(0);
    });

    test.each([
      ['on', ['1', '1', '1']],
      ['off', ['1', '2', '3']],
    ])('with CACHE=%s computes as often as it must', async (CACHE, expected) => {
      const port = await freePort();
      const privatePort = await freePort();
      const started = start({
        ...addresses(port, privatePort),
        ...backing(),
        CACHE,
      });
      await waitFor(
        () => statusOf(`http://127.0.0.1:${privatePort}/readyz`).then((s) => s === 200),
        60_000,
      );
      const counts: string[] = [];
      for (let asked = 0; asked < 3; asked += 1) {
        counts.push(await fetch(`http://127.0.0.1:${port}/count`).then((answer) => answer.text()));
        // An entry is kept a moment after its first answer.
        await new Promise((done) => setTimeout(done, 200));
      }
      expect(counts).toEqual(expected);
      started.kill('SIGTERM');
      expect(await started.exited).toBe(0);
    });

    test('as a worker has no public port and is ready by the broker as well', async () => {
      const port = await freePort();
      const privatePort = await freePort();
      const started = start({ ...addresses(port, privatePort), ...backing() }, 'worker');
      const privateAt = `http://127.0.0.1:${privatePort}`;
      await waitFor(() => statusOf(`${privateAt}/readyz`).then((s) => s === 200), 60_000);
      await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
      started.kill('SIGTERM');
      expect(await started.exited).toBe(0);
    });
  });
});

function addresses(port: number, privatePort: number): Record<string, string> {
  return { HOST: '127.0.0.1', PORT: `${port}`, PRIVATE_PORT: `${privatePort}` };
}
