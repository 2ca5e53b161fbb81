import { startMain } from '@woodytoys/app-testing';
import type { StartedProcess } from '@woodytoys/app-testing';
import {
  createTestDatabase,
  createTestVirtualHost,
  describeWithRabbit,
  describeWithRedis,
  redisUrl,
  startTraceReceiver,
  waitFor,
} from '@woodytoys/testing';
import type {
  ReceivedSpan,
  TestDatabase,
  TestVirtualHost,
  TraceReceiver,
} from '@woodytoys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

const serviceMain = new URL('../src/main.ts', import.meta.url);
const workerMain = new URL('../src/worker.ts', import.meta.url);
const gatewayMain = new URL('../../gateway/src/main.ts', import.meta.url);

/** The gateway, the service and its worker, each a process of its own with all that is behind it. */
describeWithRedis('traces', () => {
  describeWithRabbit('of a report', () => {
    let receiver: TraceReceiver;
    let database: TestDatabase;
    let virtualHost: TestVirtualHost;
    let entry: string;
    const processes: StartedProcess[] = [];

    beforeAll(async () => {
      receiver = await startTraceReceiver();
      database = await createTestDatabase();
      virtualHost = await createTestVirtualHost();
      const shared = {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
        VERSION: '9.9.9',
        REDIS_URL: redisUrl(),
        AMQP_URL: virtualHost.url,
      };
      // No stock needs no prices, which only the product service could send.
      const backing = { ...shared, DATABASE_URL: database.url, SEED_SCALE: '0' };
      const service = startMain(serviceMain, backing);
      const worker = startMain(workerMain, backing);
      processes.push(service, worker);
      const port = await service.ready();
      // It listens nowhere.
      await waitFor(() => worker.lines.some(({ msg }) => msg === 'ready'), 60_000);
      const gateway = startMain(gatewayMain, {
        ...shared,
        LOGISTICS_UPSTREAM: `http://127.0.0.1:${port}`,
        USER_UPSTREAM: 'http://127.0.0.1:9',
        PRODUCT_UPSTREAM: 'http://127.0.0.1:9',
      });
      processes.push(gateway);
      entry = `http://127.0.0.1:${await gateway.ready()}`;
    }, 120_000);
    afterAll(async () => {
      for (const one of processes) {
        one.kill('SIGKILL');
        await one.exited;
      }
      await virtualHost?.drop();
      await database?.drop();
      await receiver?.close();
    });

    /** Asks for a report, waits until it is done, and until its trace has been exported. */
    async function reportTrace(
      headers: Readonly<Record<string, string>> = {},
    ): Promise<readonly ReceivedSpan[]> {
      const before = receiver.spans.length;
      const answer = await fetch(`${entry}/api/reports`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}',
      });
      expect(answer.status).toBe(202);
      const path = answer.headers.get('location') ?? '';
      await waitFor(async () => {
        const report = (await fetch(entry + path).then((one) => one.json())) as { status: string };
        return report.status === 'done';
      }, 60_000);
      const isLast = ({ name, kind }: ReceivedSpan) => kind === 'consumer' && /reports/.test(name);
      return waitFor(() => {
        const root = receiver.spans.slice(before).find(({ name }) => name === 'POST /api/reports');
        const spans = root === undefined ? [] : receiver.trace(root.traceId);
        // The service's own exports may come after the worker's.
        const complete = ['gateway', 'logistics', 'logistics-worker'].every((service) =>
          spans.some((span) => span.service === service && span.kind !== 'internal'),
        );
        return complete && spans.some(isLast) && hasAllParents(spans) ? spans : undefined;
      }, 60_000);
    }

    it('are one tree from the request to the last statement of the worker, over all processes', async () => {
      const spans = await reportTrace();
      const [server, client, service, transaction, insert, publish, consume] = [
        one(spans, { service: 'gateway', kind: 'server', name: 'POST /api/reports' }),
        one(spans, { service: 'gateway', kind: 'client', name: 'POST' }),
        one(spans, { service: 'logistics', kind: 'server', name: 'POST /reports' }),
        one(spans, { service: 'logistics', kind: 'internal', name: 'transaction' }),
        one(spans, { service: 'logistics', kind: 'client', name: 'INSERT reports' }),
        one(spans, { service: 'logistics', kind: 'producer', name: 'publish woodytoys.commands' }),
        one(spans, {
          service: 'logistics-worker',
          kind: 'consumer',
          name: 'process logistics.reports',
        }),
      ];
      expect(server.parentSpanId).toBeUndefined();
      expect(client.parentSpanId).toBe(server.spanId);
      expect(service.parentSpanId).toBe(client.spanId);
      expect(transaction.parentSpanId).toBe(service.spanId);
      expect(insert.parentSpanId).toBe(transaction.spanId);
      expect(publish.parentSpanId).toBe(service.spanId);
      expect(consume.parentSpanId).toBe(publish.spanId);
      const finish = spans.find(
        ({ attributes }) => attributes['woodytoys.statement'] === 'finish-report',
      );
      expect(finish).toMatchObject({ service: 'logistics-worker', name: 'UPDATE reports' });
      expect(finish?.parentSpanId).toBe(consume.spanId);
      // The limiter's, of the request that took a lease; later ones need none.
      const redis = receiver.spans.find(
        ({ attributes }) => attributes['db.system.name'] === 'redis',
      );
      expect(redis).toMatchObject({ service: 'gateway', kind: 'client' });
      expect(spans.filter(({ error }) => error).map(({ name }) => name)).not.toContain('POST');
    });

    it('have the attributes that OpenTelemetry names, and nothing that a statement is given', async () => {
      const spans = await reportTrace({ 'x-secret': 'hunter2' });
      const server = one(spans, { service: 'gateway', kind: 'server', name: 'POST /api/reports' });
      expect(server.attributes).toMatchObject({
        'http.request.method': 'POST',
        'http.route': '/api/reports',
        'http.response.status_code': 202,
        'url.path': '/api/reports',
        'url.scheme': 'http',
        'server.address': '127.0.0.1',
      });
      expect(one(spans, { service: 'gateway', kind: 'client', name: 'POST' })).toMatchObject({
        attributes: {
          'http.request.method': 'POST',
          'http.response.status_code': 202,
          'server.address': '127.0.0.1',
          'url.full': expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/reports$/) as unknown,
          'woodytoys.upstream': 'logistics',
        },
      });
      const statement = one(spans, { kind: 'client', name: 'INSERT reports' });
      expect(statement.attributes).toMatchObject({
        'db.system.name': 'postgresql',
        'db.query.summary': 'INSERT reports',
        'woodytoys.statement': 'insert-report',
      });
      expect(statement.attributes).not.toHaveProperty('db.query.text');
      expect(
        one(spans, { kind: 'consumer', service: 'logistics-worker' }).attributes,
      ).toMatchObject({
        'messaging.system': 'rabbitmq',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'logistics.reports',
      });
      for (const { resource, service } of spans) {
        expect(resource).toMatchObject({
          'service.name': service,
          'service.version': '9.9.9',
          'service.instance.id': expect.stringMatching(/.+:\d+$/) as unknown,
        });
      }
      expect(JSON.stringify(spans)).not.toContain('hunter2');
    });

    it('continue that of a caller, and the log lines of all processes have its id', async () => {
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
      const spans = await reportTrace({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
      const server = one(spans, { service: 'gateway', kind: 'server', name: 'POST /api/reports' });
      expect(server).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7' });
      const [service, , gateway] = processes as [StartedProcess, StartedProcess, StartedProcess];
      for (const { lines } of [service, gateway]) {
        expect(lines.filter((line) => line['traceId'] === traceId)).not.toEqual([]);
      }
    });

    it('are none for a caller whose trace is not sampled, and its messages stay out too', async () => {
      const traceId = 'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb';
      const before = receiver.spans.length;
      const answer = await fetch(`${entry}/api/reports`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          traceparent: `00-${traceId}-00f067aa0ba902b7-00`,
        },
        body: '{}',
      });
      expect(answer.status).toBe(202);
      const worker = processes[1] as StartedProcess;
      const reportId = answer.headers.get('location')?.split('/').at(-1);
      await waitFor(() => worker.lines.some((line) => line['reportId'] === reportId), 60_000);
      // Whatever is asked later is exported later: once it is there, nothing of before is on its way.
      await reportTrace();
      const later = receiver.spans.slice(before);
      expect(later.filter((span) => span.traceId === traceId)).toEqual([]);
      const consumed = later.filter(
        ({ kind, name }) => kind === 'consumer' && /reports/.test(name),
      );
      expect(consumed).toHaveLength(1);
    });

    it('are sent to the last one when the processes end', async () => {
      const [service, worker, gateway] = processes as [
        StartedProcess,
        StartedProcess,
        StartedProcess,
      ];
      const answer = await fetch(`${entry}/api/stores?limit=1`);
      expect(answer.status).toBe(200);
      gateway.kill('SIGTERM');
      expect(await gateway.exited).toBe(0);
      for (const one of [service, worker]) one.kill('SIGTERM');
      expect(await Promise.all([service.exited, worker.exited])).toEqual([0, 0]);
      const root = one(receiver.spans, { service: 'gateway', name: 'GET /api/stores' });
      expect(root.attributes['url.path']).toBe('/api/stores');
      expect(hasAllParents(receiver.trace(root.traceId))).toBe(true);
      expect(receiver.trace(root.traceId).map(({ service }) => service)).toContain('logistics');
    });
  });
});

/** The one span that is so. */
function one(spans: readonly ReceivedSpan[], like: Partial<ReceivedSpan>): ReceivedSpan {
  const found = spans.filter((span) =>
    Object.entries(like).every(([key, value]) => span[key as keyof ReceivedSpan] === value),
  );
  expect(found, `spans like ${JSON.stringify(like)}`).toHaveLength(1);
  return found[0] as ReceivedSpan;
}

/** Whether every span but one has its parent in the list. */
function hasAllParents(spans: readonly ReceivedSpan[]): boolean {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return (
    spans.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId))
      .length === 1
  );
}
