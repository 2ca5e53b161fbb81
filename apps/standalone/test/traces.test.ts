import { startTraceReceiver, waitFor } from '@woodytoys/testing';
import type { ReceivedSpan, TraceReceiver } from '@woodytoys/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { allGone } from './fixtures/npm-start.ts';
import type { Started } from './fixtures/npm-start.ts';
import { useStarter } from './fixtures/started.ts';

const { place, start } = useStarter();
let receiver: TraceReceiver;
beforeEach(async () => {
  receiver = await startTraceReceiver();
});
afterEach(() => receiver.close());

async function startTraced(environment: Readonly<Record<string, string>> = {}): Promise<Started> {
  const started = start({
    ...(await place()),
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...environment },
  });
  await started.ready();
  return started;
}

/** From a span up to the root of its trace. */
function lineage(span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  const here = `${span.service} ${span.name}`;
  return parent === undefined ? [here] : [here, ...lineage(parent, spans)];
}

test('one process tree makes one trace of a report, each service under its own name', async () => {
  const started = await startTraced();
  const accepted = await started.post('/api/reports', {});
  expect(accepted.status).toBe(202);
  const path = accepted.headers.get('location') ?? '';
  await waitFor(async () => {
    const report = (await started.get(path).then((answer) => answer.json())) as { status: string };
    return report.status === 'done';
  });
  started.signalGroup('SIGINT');
  expect(await started.exited).toBe(0);

  const finish = receiver.spans.find(
    ({ attributes }) => attributes['woodytoys.statement'] === 'finish-report',
  ) as ReceivedSpan;
  const trace = receiver.trace(finish.traceId);
  expect(lineage(finish, trace)).toEqual([
    'logistics-worker UPDATE reports',
    'logistics-worker process logistics.reports',
    'logistics publish woodytoys.commands',
    'logistics POST /reports',
    'gateway POST',
    'gateway POST /api/reports',
  ]);
  const roots = trace.filter(({ parentSpanId }) => parentSpanId === undefined);
  expect(roots.map(({ name }) => name)).toEqual(['POST /api/reports']);
  const ids = new Set(trace.map(({ spanId }) => spanId));
  const orphans = trace.filter(({ parentSpanId: id }) => id !== undefined && !ids.has(id));
  expect(orphans).toEqual([]);
  expect(new Set(trace.map(({ resource }) => resource['service.instance.id'])).size).toBe(1);
});

test('a collector that hangs costs no request its answer, and does not hold up the end', async () => {
  receiver.behave('hangs');
  const started = await startTraced();
  const tree = started.tree();
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => started.get('/api/1/1').then(({ status }) => status)),
  );
  expect(new Set(answers)).toEqual(new Set([200]));
  started.signalGroup('SIGINT');
  expect(await started.exited).toBe(0);
  await allGone(tree);
  expect(started.errors()).toBe('');
  expect(receiver.spans).toEqual([]);
});

test('an address that is none, and a sampler that is none, end the start with their names', async () => {
  const started = start({
    ...(await place()),
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
    },
  });
  expect(await started.exited).toBe(2);
  expect(started.errors()).toMatch(
    /OTEL_EXPORTER_OTLP_ENDPOINT: expected a URL that begins with http:\/\/ or https:\/\/.*OTEL_TRACES_SAMPLER: expected one of .*"sometimes".*OTEL_TRACES_SAMPLER_ARG: expected a number from 0 to 1/s,
  );
});
