import { waitFor } from '@woodytoys/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sendJson, startConsole, startPlatform } from './support/console.ts';
import { openStream } from './support/events.ts';

describe('the stream of the console', () => {
  it('begins with the history, then tells what the metrics say, each second', async () => {
    const { url, registry } = await startConsole();
    const { http } = registry.service('user');
    const working = setInterval(() => {
      const durationSeconds = 0.02;
      http.observe({ method: 'GET', route: '/users/{id}', status: 200, durationSeconds });
      http.observe({ method: 'GET', route: '/users/{id}', status: 500, durationSeconds });
    }, 20);
    const stream = await openStream(url);
    const first = await stream.next();
    expect(first).toMatchObject({ event: 'history', data: { stepSeconds: 5 } });
    const busy = await stream.snapshot(({ services }) =>
      services.some(({ name, signals }) => name === 'user' && signals.rps > 10),
    );
    clearInterval(working);
    const user = busy.services.find(({ name }) => name === 'user');
    expect(user?.signals.errorRatio).toBeCloseTo(0.5, 1);
    expect(user?.signals.p95).toBeGreaterThan(0.01);
    expect(user?.signals.p95).toBeLessThanOrEqual(0.025);
    expect(user?.replicas).toMatchObject([{ instance: 'process', up: true }]);
    expect(busy.source).toMatchObject({ kind: 'processes', answers: true, staleSince: null });
    expect(busy.catalogue.jobKinds).toMatchObject([{ id: 'report' }, { id: 'order' }]);
    const later = await stream.snapshot();
    expect(later.time).toBeGreaterThan(busy.time);
    stream.close();
  });

  it('is the same for all viewers, of one collection, and none is made without them', async () => {
    const gateway = await startPlatform((request, response) =>
      sendJson(
        response,
        200,
        request.url === '/gateway/errors' ? { errors: [] } : { upstreams: [] },
      ),
    );
    const looks = () => gateway.requests.filter((line) => line === 'GET /gateway/errors').length;
    const { url } = await startConsole({ gateways: async () => [gateway.url] });
    await sleep(1_500);
    expect(looks()).toBe(0);
    const streams = await Promise.all([openStream(url), openStream(url), openStream(url)]);
    const [one, ...others] = await Promise.all(
      streams.map(async (stream) => {
        await stream.snapshot();
        const seen = [];
        for (let count = 0; count < 3; count += 1) seen.push((await stream.snapshot()).time);
        return seen;
      }),
    );
    for (const other of others) {
      // One may have come a second later than another.
      expect(other.filter((time) => one?.includes(time)).length).toBeGreaterThanOrEqual(2);
    }
    for (const stream of streams) stream.close();
    await sleep(2_500);
    const after = looks();
    // Three viewers for about four seconds, and the first look of each.
    expect(after).toBeLessThanOrEqual(10);
    await sleep(2_500);
    expect(looks()).toBe(after);
  });

  it('goes on with what was known while its source does not answer, and says so', async () => {
    let broken = false;
    const { registry } = await startConsole();
    registry.service('user').http.start();
    const { url } = await startConsole({
      source: {
        expose: async () => {
          if (broken) throw new Error('the registry is gone');
          return (await registry.expose()).body;
        },
      },
    });
    const stream = await openStream(url);
    const well = await stream.snapshot();
    expect(well.services.map(({ name }) => name)).toContain('user');
    broken = true;
    const ill = await stream.snapshot(({ source }) => !source.answers);
    expect(ill.source).toMatchObject({ detail: 'the registry is gone' });
    expect(ill.source.staleSince).toBeGreaterThanOrEqual(well.time);
    expect(ill.services).toEqual((await stream.snapshot(({ source }) => !source.answers)).services);
    expect(ill.services.map(({ name }) => name)).toContain('user');
    broken = false;
    const again = await stream.snapshot(({ source }) => source.answers);
    expect(again.source).toMatchObject({ staleSince: null, detail: null });
    stream.close();
  });

  it('takes 50 viewers, refuses the next, and takes one again when one has gone', async () => {
    const { url } = await startConsole();
    const streams = await Promise.all(Array.from({ length: 50 }, () => openStream(url)));
    const refused = await fetch(`${url}/console/api/stream`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      type: 'urn:woodytoys:problem:WT-UNAVAILABLE',
      detail: '50 people watch already; try again later.',
    });
    streams[0]?.close();
    await waitFor(async () => {
      const next = await openStream(url).catch(() => undefined);
      next?.close();
      return next !== undefined;
    });
    for (const stream of streams) stream.close();
  });

  it('ends when the server does', async () => {
    const { url, server } = await startConsole();
    const stream = await openStream(url);
    await stream.snapshot();
    const closed = server.close();
    while ((await stream.next()) !== undefined);
    await closed;
  });

  it('has the last failures of every replica of the gateway', async () => {
    const failure = (requestId: string, time: number) => ({
      time,
      requestId,
      traceId: 'not shown',
      method: 'GET',
      route: '/api/users/{id}',
      status: 503,
      upstream: 'user',
      replica: null,
      detail: 'WT-UNAVAILABLE: No replica.',
    });
    const replica = (errors: readonly object[]) =>
      startPlatform((request, response) =>
        sendJson(
          response,
          200,
          request.url === '/gateway/errors' ? { errors } : { upstreams: [{ name: 'payment' }] },
        ),
      );
    const [a, b] = [await replica([failure('older', 1)]), await replica([failure('newer', 2)])];
    const gone = 'http://127.0.0.1:9';
    const { url } = await startConsole({ gateways: async () => [gone, a.url, b.url] });
    const stream = await openStream(url);
    const { errors, topology } = await stream.snapshot();
    expect(errors).toMatchObject([
      { requestId: 'newer', gateway: new URL(b.url).host, upstream: 'user' },
      { requestId: 'older', gateway: new URL(a.url).host },
    ]);
    expect(errors[0]).not.toHaveProperty('traceId');
    // A service that nobody declared is known from the gateway.
    expect(topology.edges).toContainEqual(['gateway', 'payment']);
    expect(topology.edges).toContainEqual(['payment', 'rabbitmq']);
    expect(topology.edges).toContainEqual(['rabbitmq', 'logistics-worker']);
    expect(topology.edges).toContainEqual(['nginx', 'gateway']);
    // This platform was said to have no cache.
    expect(topology.nodes.map(({ kind }) => kind)).not.toContain('cache');
    stream.close();
  });
});
