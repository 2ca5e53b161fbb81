import { openTraceExport } from '@woodytoys/tracing';
import {
  createTestLogger,
  describeWithRedis,
  redisUrl,
  startTraceReceiver,
  uniqueName,
  waitFor,
} from '@woodytoys/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createRedisCache } from '../src/index.ts';
import { connected, patiently } from './connected.ts';

describeWithRedis('a traced cache', () => {
  it('makes spans of what it asks of Redis for somebody, and names neither key nor value', async () => {
    const receiver = await startTraceReceiver();
    onTestFinished(() => receiver.close());
    const log = createTestLogger();
    const url = `${receiver.endpoint}/v1/traces`;
    const traces = await openTraceExport({ url, version: '1', instance: '1', log, delayMs: 10 });
    const tracing = traces.service('shop');
    const prefix = uniqueName('test');
    const cache = await connected(
      createRedisCache({ url: redisUrl(), prefix, service: 'shop', log, tracing, ...patiently }),
    );
    onTestFinished(() => cache.close());
    const toys = cache.namespace<string>('toys', { ttlMs: 60_000 });

    const request = tracing.begin('request', 'server', undefined);
    await tracing.run(request, async () => {
      expect(await toys.get('key7', () => Promise.resolve('value7'))).toBe('value7');
      // Kept in the process by now: no span, since Redis is not asked.
      await waitFor(() => receiver.spans.some(({ name }) => name === 'cacheFill toys'));
      await toys.get('key7', () => Promise.reject(new Error('not again')));
      await toys.invalidate('key7');
    });
    request.end();
    // Nobody works for this one.
    await toys.get('key8', () => Promise.resolve('value8'));
    await traces.close();

    const spans = receiver.spans.filter(({ name }) => name !== 'request');
    expect(spans.map(({ name }) => name)).toEqual([
      'cacheRead toys',
      'cacheFill toys',
      'cacheForget toys',
    ]);
    const { hostname, port } = new URL(redisUrl());
    for (const span of spans) {
      expect(span).toMatchObject({
        traceId: request.traceId,
        kind: 'client',
        service: 'shop',
        attributes: {
          'db.system.name': 'redis',
          'woodytoys.cache': 'toys',
          'server.address': hostname,
          'server.port': Number(port),
        },
      });
    }
    expect(JSON.stringify(receiver.spans)).not.toMatch(/key7|value7/);
  });
});
