import { openTraceExport } from '@woodytoys/tracing';
import type { Span, TraceExport, Tracing } from '@woodytoys/tracing';
import { startTraceReceiver } from '@woodytoys/testing';
import type { ReceivedSpan, TraceReceiver } from '@woodytoys/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enqueue } from '../src/index.ts';
import type { Database } from '../src/index.ts';
import { type Sandbox, createSandbox } from './helpers.ts';

let sandbox: Sandbox;
let receiver: TraceReceiver;
let traces: TraceExport;
let tracing: Tracing;
let database: Database;

beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  await sandbox.database.query('TRUNCATE outbox, t');
  receiver = await startTraceReceiver();
  const url = `${receiver.endpoint}/v1/traces`;
  traces = await openTraceExport({ url, version: '1', instance: '1', log: sandbox.log });
  tracing = traces.service('shop');
  database = sandbox.another({ tracing });
});
afterEach(async () => {
  await traces.close();
  await receiver.close();
});

/** Works for a span named `work`; resolves with all that was exported below it. */
async function traced(work: (span: Span) => Promise<unknown>): Promise<readonly ReceivedSpan[]> {
  const span = tracing.begin('work', 'server', undefined);
  await tracing.run(span, () => work(span));
  span.end();
  await traces.close();
  return receiver.trace(span.traceId).filter(({ name }) => name !== 'work');
}

describe('a statement', () => {
  it('is a span of whoever asks, which tells what it does and none of its values', async () => {
    const insert = { name: 'insert-t', text: 'INSERT INTO t (id, value) VALUES ($1, $2)' };
    const [span, ...more] = await traced(() => database.query(insert, [1, 987_654]));
    expect(more).toEqual([]);
    const { hostname, port, pathname } = new URL(sandbox.url);
    expect(span).toMatchObject({
      service: 'shop',
      kind: 'client',
      name: 'INSERT t',
      error: false,
      attributes: {
        'db.system.name': 'postgresql',
        'db.namespace': pathname.slice(1),
        'db.query.summary': 'INSERT t',
        'woodytoys.statement': 'insert-t',
        'server.address': hostname,
        'server.port': Number(port),
      },
    });
    expect(JSON.stringify(span)).not.toContain('987654');
  });

  it('that fails has the SQLSTATE as the type of its error, and nothing of the message', async () => {
    const [span] = await traced(() =>
      database.query('SELECT $1::integer', ['hunter2']).catch(() => {}),
    );
    expect(span).toMatchObject({ error: true, attributes: { 'error.type': '22P02' } });
    expect(JSON.stringify(span)).not.toContain('hunter2');
  });

  it('that nobody asked for is none', async () => {
    await database.query('SELECT 1');
    await traces.close();
    expect(receiver.spans).toEqual([]);
  });
});

describe('a transaction', () => {
  it('is a span around those of its statements', async () => {
    const spans = await traced(() =>
      database.transaction(async (transaction) => {
        await transaction.query('SELECT 1');
        await transaction.query('UPDATE t SET value = 1');
      }),
    );
    const whole = spans.find(({ name }) => name === 'transaction');
    expect(spans.filter((span) => span !== whole)).toEqual([
      expect.objectContaining({ name: 'SELECT', parentSpanId: whole?.spanId }),
      expect.objectContaining({ name: 'UPDATE t', parentSpanId: whole?.spanId }),
    ]);
  });

  it('gives its trace to the messages that it saves, but to none that has another', async () => {
    const other = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const message = { exchange: 'e', routingKey: 'k', body: {} };
    let traceparent = '';
    await traced(async (span) => {
      traceparent = span.traceparent;
      await database.transaction(async (transaction) =>
        enqueue(transaction, message, { ...message, headers: { traceparent: other, a: 'b' } }),
      );
    });
    const rows = await sandbox.database.query('SELECT headers FROM outbox ORDER BY id');
    expect(rows).toEqual([
      { headers: { traceparent } },
      { headers: { traceparent: other, a: 'b' } },
    ]);
  });

  it('of nobody gives none', async () => {
    await database.transaction(async (transaction) =>
      enqueue(transaction, { exchange: 'e', routingKey: 'k', body: {} }),
    );
    expect(await sandbox.database.query('SELECT headers FROM outbox')).toEqual([{ headers: {} }]);
  });
});
