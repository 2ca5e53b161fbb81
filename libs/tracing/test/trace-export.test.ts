import { startTraceReceiver, waitFor } from '@woodytoys/testing';
import type { TraceReceiver } from '@woodytoys/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inSpan, openTraceExport } from '../src/index.ts';
import type { DropReason, TraceExport, TraceExportOptions } from '../src/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

let receiver: TraceReceiver;
let opened: TraceExport[];
let lines: string[];
let drops: Record<DropReason, number>;

beforeEach(async () => {
  receiver = await startTraceReceiver();
  opened = [];
  lines = [];
  drops = { queue_full: 0, export_failed: 0 };
});
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await receiver.close();
});

async function open(options: Partial<TraceExportOptions> = {}): Promise<TraceExport> {
  const one = await openTraceExport({
    url: `${receiver.endpoint}/v1/traces`,
    version: '1.2.3',
    instance: 'here:1',
    log: {
      info: (_fields, message) => void lines.push(message),
      warn: (_fields, message) => void lines.push(message),
    },
    dropped: (count, reason) => (drops[reason] += count),
    delayMs: 20,
    closeTimeoutMs: 300,
    exportTimeoutMs: 300,
    ...options,
  });
  opened.push(one);
  return one;
}

describe('spans', () => {
  it('arrive as OTLP with their resource, kind, attributes and failure', async () => {
    const traces = await open();
    const span = traces.service('shop').begin('GET /toys/{id}', 'server', undefined, { a: 1 });
    span.set({ 'http.route': '/toys/{id}' });
    span.fail('500', 'it broke');
    span.end();
    await traces.close();
    expect(receiver.spans).toEqual([
      expect.objectContaining({
        service: 'shop',
        resource: expect.objectContaining({
          'service.name': 'shop',
          'service.version': '1.2.3',
          'service.instance.id': 'here:1',
        }) as unknown,
        name: 'GET /toys/{id}',
        kind: 'server',
        parentSpanId: undefined,
        attributes: { a: 1, 'http.route': '/toys/{id}', 'error.type': '500' },
        error: true,
      }),
    ]);
  });

  it('of all services of a process leave together, each under its own name', async () => {
    const traces = await open();
    const front = traces.service('front').begin('in', 'server', undefined);
    const behind = traces.service('behind').begin('in', 'server', front.traceparent);
    behind.end();
    front.end();
    await traces.close();
    expect(receiver.spans.map(({ service }) => service).sort()).toEqual(['behind', 'front']);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(new Set([front.traceId]));
  });

  it('are children of the span that the code runs for, over awaits and side by side', async () => {
    const traces = await open();
    const tracing = traces.service('shop');
    async function work(name: string): Promise<void> {
      const root = tracing.begin(name, 'server', undefined);
      await inSpan(tracing, root, async () => {
        await new Promise((done) => setTimeout(done, 5));
        tracing.current()?.child(`${name} child`, 'client').end();
      });
    }
    await Promise.all([work('one'), work('two')]);
    expect(tracing.current()).toBeUndefined();
    await traces.close();
    const named = new Map(receiver.spans.map((span) => [span.name, span]));
    for (const name of ['one', 'two']) {
      expect(named.get(`${name} child`)?.parentSpanId).toBe(named.get(name)?.spanId);
    }
  });

  it('fail with what their work rejects with, by its code', async () => {
    const traces = await open();
    const tracing = traces.service('shop');
    const error = Object.assign(new Error('no room'), { code: '53300' });
    const run = inSpan(tracing, tracing.begin('work', 'internal', undefined), () =>
      Promise.reject(error),
    );
    await expect(run).rejects.toBe(error);
    await traces.close();
    expect(receiver.spans[0]).toMatchObject({ error: true, attributes: { 'error.type': '53300' } });
  });
});

describe('the trace of a caller', () => {
  it('is continued below its span', async () => {
    const traces = await open();
    const span = traces.service('shop').begin('in', 'server', `00-${TRACE}-${SPAN}-01`);
    expect(span.traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})[0-9a-f]{16}-01$`));
    span.end();
    await traces.close();
    expect(receiver.spans[0]).toMatchObject({ traceId: TRACE, parentSpanId: SPAN });
  });

  it('that is not sampled stays so, for whoever works for it too', async () => {
    const traces = await open();
    const tracing = traces.service('shop');
    const span = tracing.begin('in', 'server', `00-${TRACE}-${SPAN}-00`);
    expect(span.recording).toBe(false);
    expect(span.traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    const child = span.child('query', 'client');
    expect(child.traceparent).toBe(span.traceparent);
    child.end();
    span.end();
    await traces.close();
    expect(receiver.spans).toEqual([]);
  });

  it.each(['', 'nonsense', `00-${TRACE}-${SPAN}`, `ff-${TRACE}-${SPAN}-01`, 'x'.repeat(300)])(
    'is left alone when its traceparent is %j',
    async (traceparent) => {
      const traces = await open();
      const span = traces.service('shop').begin('in', 'server', traceparent);
      expect(span.traceId).not.toBe(TRACE);
      span.end();
      await traces.close();
      expect(receiver.spans[0]?.parentSpanId).toBeUndefined();
    },
  );
});

describe('sampling', () => {
  async function kept(options: Partial<TraceExportOptions>, traceparent?: string): Promise<number> {
    const tracing = (await open(options)).service('shop');
    const spans = Array.from({ length: 400 }, () => tracing.begin('in', 'server', traceparent));
    return spans.filter(({ recording }) => recording).length;
  }

  it('keeps the given share of new traces', async () => {
    const share = await kept({ sampler: 'parentbased_traceidratio', ratio: 0.25 });
    // 100 expected; 8.7 is one standard deviation.
    expect(share).toBeGreaterThan(40);
    expect(share).toBeLessThan(160);
  });

  it('follows the caller by the samplers that look at it, and by no other', async () => {
    const asked = `00-${TRACE}-${SPAN}-01`;
    expect(await kept({ sampler: 'parentbased_always_off' }, asked)).toBe(400);
    expect(await kept({ sampler: 'always_off' }, asked)).toBe(0);
    expect(await kept({ sampler: 'traceidratio', ratio: 0 }, asked)).toBe(0);
    expect(await kept({ sampler: 'always_on' }, `00-${TRACE}-${SPAN}-00`)).toBe(400);
  });
});

describe('a collector that is away', () => {
  it('that refuses is told of once, its spans are counted, and it is used when it is back', async () => {
    const traces = await open();
    const tracing = traces.service('shop');
    const send = () => tracing.begin('in', 'server', undefined).end();
    receiver.behave('refuses');
    send();
    await waitFor(() => drops.export_failed === 1);
    send();
    await waitFor(() => drops.export_failed === 2);
    receiver.behave('takes');
    send();
    // The receiver has the span before the exporter has its answer.
    await waitFor(() => lines.length === 2);
    expect(receiver.spans).toHaveLength(1);
    expect(lines).toEqual([
      'the collector does not take traces; they are dropped until it does',
      'traces are taken again',
    ]);
  });

  it('that hangs makes nobody wait: spans past the queue are dropped and counted', async () => {
    const traces = await open({ maxQueued: 600, exportTimeoutMs: 5_000 });
    const tracing = traces.service('shop');
    receiver.behave('hangs');
    for (let count = 0; count < 3_000; count += 1) tracing.begin('in', 'server', undefined).end();
    expect(drops.queue_full).toBeGreaterThan(1_000);
  });

  it('holds the end of the process up no longer than was said', async () => {
    const traces = await open({ exportTimeoutMs: 30_000 });
    receiver.behave('hangs');
    traces.service('shop').begin('in', 'server', undefined).end();
    const began = performance.now();
    await traces.close();
    // 300 ms were given; the exporter itself would have waited for 30 s.
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('that is not there is no error for anybody', async () => {
    const gone = receiver.endpoint;
    await receiver.close();
    receiver = await startTraceReceiver();
    const traces = await open({ url: `${gone}/v1/traces` });
    traces.service('shop').begin('in', 'server', undefined).end();
    await waitFor(() => drops.export_failed === 1);
    expect(lines).toHaveLength(1);
  });
});
