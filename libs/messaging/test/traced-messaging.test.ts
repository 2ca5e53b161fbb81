import { openTraceExport } from '@woodytoys/tracing';
import type { TraceExport, Tracing } from '@woodytoys/tracing';
import { createTestLogger, startTraceReceiver } from '@woodytoys/testing';
import type { ReceivedSpan, TraceReceiver } from '@woodytoys/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInProcessMessaging, traceMessaging } from '../src/index.ts';
import type { Messaging } from '../src/index.ts';
import { declareQueue, message, recorder } from './support.ts';

let receiver: TraceReceiver;
let traces: TraceExport;
let front: Tracing;
let broker: Messaging;
let publisher: Messaging;
let worker: Messaging;

beforeEach(async () => {
  receiver = await startTraceReceiver();
  const log = createTestLogger();
  const url = `${receiver.endpoint}/v1/traces`;
  traces = await openTraceExport({ url, version: '1', instance: '1', log });
  front = traces.service('front');
  broker = createInProcessMessaging({ log });
  const system = { 'messaging.system': 'in_process' };
  publisher = traceMessaging(broker, front, system);
  worker = traceMessaging(broker, traces.service('worker'), system);
});
afterEach(async () => {
  await broker.close();
  await traces.close();
  await receiver.close();
});

const named = (name: string): readonly ReceivedSpan[] =>
  receiver.spans.filter((span) => span.name === name);

describe('a message', () => {
  it('carries the trace of its publisher to its handler, whose work is below it', async () => {
    const { exchange } = await declareQueue(worker, 'jobs');
    const { handler, deliveries } = recorder(() => {
      traces.service('worker').current()?.child('step', 'internal').end();
    });
    await worker.consume('jobs', handler, { prefetch: 1 });
    const request = front.begin('request', 'server', undefined);
    const sent = message(exchange, 'job.asked', { headers: { a: 'b' } });
    await front.run(request, () => publisher.publish(sent));
    request.end();
    await traces.close();

    const [publish, process, step] = [`publish ${exchange}`, 'process jobs', 'step'].map(
      (name) => named(name)[0] as ReceivedSpan,
    ) as [ReceivedSpan, ReceivedSpan, ReceivedSpan];
    expect(publish).toMatchObject({
      service: 'front',
      kind: 'producer',
      parentSpanId: named('request')[0]?.spanId,
      attributes: {
        'messaging.system': 'in_process',
        'messaging.operation.type': 'send',
        'messaging.destination.name': `${exchange}:job.asked`,
        'messaging.message.id': sent.id,
      },
    });
    expect(process).toMatchObject({
      service: 'worker',
      kind: 'consumer',
      parentSpanId: publish.spanId,
      attributes: { 'messaging.destination.name': 'jobs', 'woodytoys.attempt': 1 },
    });
    expect(step).toMatchObject({ service: 'worker', parentSpanId: process.spanId });
    expect(deliveries[0]?.headers).toEqual({
      a: 'b',
      traceparent: `00-${publish.traceId}-${publish.spanId}-01`,
    });
  });

  it('that was kept meanwhile is in the trace of its headers, not of whoever sends it', async () => {
    const { exchange } = await declareQueue(worker, 'jobs');
    await worker.consume('jobs', recorder().handler, { prefetch: 1 });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const relay = front.begin('relay', 'internal', undefined);
    await front.run(relay, () =>
      publisher.publish(message(exchange, 'k', { headers: { traceparent } })),
    );
    await traces.close();
    expect(named(`publish ${exchange}`)).toEqual([
      expect.objectContaining({
        traceId: '0af7651916cd43dd8448eb211c80319c',
        parentSpanId: 'b7ad6b7169203331',
      }),
    ]);
  });

  it('that is tried again is so in the same trace, and what failed tells why', async () => {
    const { exchange } = await declareQueue(worker, 'jobs', [1]);
    const { handler } = recorder(({ attempt }) => {
      if (attempt === 1) throw Object.assign(new Error('secret'), { code: 'E_NOT_YET' });
    });
    await worker.consume('jobs', handler, { prefetch: 1 });
    const request = front.begin('request', 'server', undefined);
    await front.run(request, () => publisher.publish(message(exchange, 'k')));
    await traces.close();
    const [first, second] = named('process jobs');
    expect(first).toMatchObject({ error: true, attributes: { 'error.type': 'E_NOT_YET' } });
    expect(second).toMatchObject({ error: false, attributes: { 'woodytoys.attempt': 2 } });
    expect(second?.parentSpanId).toBe(first?.parentSpanId);
    expect(JSON.stringify(receiver.spans)).not.toContain('secret');
  });

  it('of nobody is published without a trace, and its handler begins one', async () => {
    const { exchange } = await declareQueue(worker, 'jobs');
    const { handler, deliveries } = recorder();
    await worker.consume('jobs', handler, { prefetch: 1 });
    await publisher.publish(message(exchange, 'k'));
    await traces.close();
    expect(deliveries[0]?.headers).toEqual({});
    expect(receiver.spans.map(({ name, parentSpanId }) => [name, parentSpanId])).toEqual([
      ['process jobs', undefined],
    ]);
  });

  it('of a trace that is not sampled keeps it so', async () => {
    const { exchange } = await declareQueue(worker, 'jobs');
    const { handler, deliveries } = recorder();
    await worker.consume('jobs', handler, { prefetch: 1 });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    await publisher.publish(message(exchange, 'k', { headers: { traceparent } }));
    await traces.close();
    expect(deliveries[0]?.headers['traceparent']).toMatch(/^00-0af76519.*-00$/);
    expect(receiver.spans).toEqual([]);
  });
});
