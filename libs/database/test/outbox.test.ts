import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '@woodytoys/embedded-postgres';
import { createMetricsRegistry } from '@woodytoys/metrics';
import { createTestLogger, waitFor } from '@woodytoys/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  type NewOutboxMessage,
  type OutboxMessage,
  type OutboxRelay,
  type OutboxRelayOptions,
  createDatabase,
  createOutboxRelay,
  enqueue,
  redriveOutbox,
} from '../src/index.ts';
import { type Sandbox, createSandbox, execute, upOf } from './helpers.ts';

let sandbox: Sandbox;
let relays: OutboxRelay[] = [];
beforeAll(async () => {
  sandbox = await createSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => sandbox.database.query('TRUNCATE outbox'));
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  relays = [];
});

function relay(options: Partial<OutboxRelayOptions> & Pick<OutboxRelayOptions, 'publish'>) {
  const made = createOutboxRelay({
    database: sandbox.database,
    log: sandbox.log,
    pollMs: 50,
    ...options,
  });
  relays.push(made);
  return made;
}
const message = (n: number, more: Partial<NewOutboxMessage> = {}): NewOutboxMessage => ({
  exchange: 'woodytoys.events',
  routingKey: 'product.updated',
  body: { n },
  ...more,
});
const send = (...messages: NewOutboxMessage[]) =>
  sandbox.database.transaction(async (transaction) => enqueue(transaction, ...messages));
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const pending = async () =>
  (await sandbox.database.query('SELECT id FROM outbox WHERE dead_at IS NULL')).length;
const numberOf = ({ body }: OutboxMessage) => (body as { n: number }).n;

/** Fails as a broker does that is away. */
const away = async () => {
  throw new Error('the broker is away');
};

it('publishes what was committed as it was given, and nothing that was rolled back', async () => {
  const published: OutboxMessage[] = [];
  relay({ publish: async (one) => void published.push(one) });
  const id = '0197f5d4-0000-7000-8000-000000000001';
  await send(
    message(1, {
      id,
      body: { text: 'a\u0000b', price: '19.90', list: [1, null] },
      headers: { traceparent: '00-abc' },
      mandatory: true,
    }),
  );
  const rolledBack = sandbox.database.transaction(async (transaction) => {
    enqueue(transaction, message(2));
    throw new Error('no');
  });
  await expect(rolledBack).rejects.toThrow('no');
  await waitFor(async () => published.length > 0 && (await pending()) === 0);
  expect(published).toEqual([
    {
      id,
      exchange: 'woodytoys.events',
      routingKey: 'product.updated',
      body: { text: 'a\u0000b', price: '19.90', list: [1, null] },
      headers: { traceparent: '00-abc' },
      mandatory: true,
      occurredAt: expect.any(Date),
    },
  ]);
});

it('publishes in the order of enqueue while nothing fails', async () => {
  for (const n of numbers(20)) await send(message(2 * n), message(2 * n + 1));
  const published: number[] = [];
  relay({ publish: async (one) => void published.push(numberOf(one)), batch: 7 });
  await waitFor(async () => (await pending()) === 0);
  expect(published).toEqual(numbers(40));
});

it('publishes at once when it is nudged', async () => {
  const published: number[] = [];
  const nudged = relay({
    publish: async (one) => void published.push(numberOf(one)),
    pollMs: 60_000,
  });
  await sleep(100);
  await sandbox.database.transaction(async (transaction) => {
    transaction.afterCommit(nudged.nudge);
    enqueue(transaction, message(1));
  });
  await waitFor(() => published.length === 1);
});

it('keeps its gap between two looks, however often it is nudged', async () => {
  const publishedAt: number[] = [];
  const nudged = relay({
    publish: async () => void publishedAt.push(performance.now()),
    pollMs: 60_000,
    minGapMs: 300,
  });
  await sleep(100);
  for (const n of numbers(3)) {
    await send(message(n));
    nudged.nudge();
    await waitFor(() => publishedAt.length > n);
  }
  const gaps = publishedAt.slice(1).map((at, index) => at - (publishedAt[index] ?? 0));
  for (const gap of gaps) expect(gap).toBeGreaterThan(290);
});

it('holds up no rows that wait for room, however long its gap', async () => {
  await send(...numbers(40).map((n) => message(n)));
  const published: number[] = [];
  relay({
    publish: async (one) => void published.push(numberOf(one)),
    pollMs: 60_000,
    minGapMs: 60_000,
    batch: 5,
    maxInFlight: 20,
  });
  await waitFor(async () => (await pending()) === 0);
  expect(published).toEqual(numbers(40));
});

it('leaves the routing keys that are excepted to other relays', async () => {
  const placed = message(1, { routingKey: 'order.placed' });
  const decided = message(2, { routingKey: 'order.decided' });
  const byServing: number[] = [];
  const byWorker: number[] = [];
  await send(placed, decided);
  relay({
    publish: async (one) => void byServing.push(numberOf(one)),
    except: ['order.decided'],
  });
  await waitFor(async () => (await pending()) === 1);
  await sleep(200);
  expect(byServing).toEqual([1]);
  relay({ publish: async (one) => void byWorker.push(numberOf(one)), except: ['order.placed'] });
  await waitFor(async () => (await pending()) === 0);
  expect([byServing, byWorker]).toEqual([[1], [2]]);
});

it('publishes each row exactly once when two relays share an outbox and nothing fails', async () => {
  await send(...numbers(2_000).map((n) => message(n)));
  const published: number[][] = [[], []];
  for (const share of published) {
    relay({
      publish: async (one) => {
        await sleep(1);
        share.push(numberOf(one));
      },
      batch: 50,
      maxInFlight: 200,
    });
  }
  await waitFor(async () => (await pending()) === 0, 30_000);
  expect(published.flat().sort((a, b) => a - b)).toEqual(numbers(2_000));
  expect(Math.min(...published.map(({ length }) => length))).toBeGreaterThan(0);
});

it('publishes each row at least once when publishing fails now and then', async () => {
  await send(...numbers(300).map((n) => message(n)));
  const published: number[] = [];
  const failures = new Map<number, number>();
  const two = () =>
    relay({
      publish: async (one) => {
        const n = numberOf(one);
        await sleep(n % 4);
        const failed = failures.get(n) ?? 0;
        failures.set(n, failed + 1);
        // Every third message fails once, every sixth twice.
        if (n % 3 === 0 && failed <= (n % 6 === 0 ? 1 : 0)) throw new Error('now and then');
        published.push(n);
      },
      batch: 50,
    });
  two();
  two();
  await waitFor(async () => (await pending()) === 0, 30_000);
  expect([...new Set(published)].sort((a, b) => a - b)).toEqual(numbers(300));
  expect(published).toHaveLength(300);
});

it('notes each failure and waits longer after each', async () => {
  await send(message(1));
  relay({ publish: away });
  const pauses = () =>
    sandbox.log.lines
      .filter(({ msg }) => msg === 'publishing failed')
      .map((line) => line['retryAfterMs']);
  const before = pauses().length;
  await waitFor(async () => {
    const [row] = await sandbox.database.query('SELECT attempts, last_error, dead_at FROM outbox');
    expect(row).toEqual({ attempts: 3, last_error: 'Error: the broker is away', dead_at: null });
    return true;
  });
  const [first, second, third] = pauses().slice(before) as [number, number, number];
  expect(second).toBeGreaterThan(first);
  expect(third).toBeGreaterThan(second);
});

it('tries few rows while everything fails, and sends all of them when it works again', async () => {
  await send(...numbers(3_000).map((n) => message(n)));
  let works = false;
  let tries = 0;
  const published = new Set<number>();
  relay({
    batch: 100,
    publish: async (one) => {
      tries += 1;
      if (!works) await away();
      published.add(numberOf(one));
    },
  });
  await sleep(1_500);
  expect(tries).toBeLessThan(1_500);
  expect(published.size).toBe(0);
  works = true;
  await waitFor(async () => (await pending()) === 0, 30_000);
  expect(published.size).toBe(3_000);
  expect(sandbox.log.lines.filter(({ msg }) => msg.startsWith('publishing fails'))).toHaveLength(1);
});

it('keeps a message that was given up, with the reason, until it is redriven', async () => {
  await send(message(1), message(2));
  const givenUp = Object.assign(new Error('given up'), {
    deadLettered: true,
    retryable: false,
    reason: 'the handler threw 5 times',
  });
  let cured = false;
  const published: number[] = [];
  relay({
    publish: async (one) => {
      if (numberOf(one) === 1 && !cured) throw givenUp;
      published.push(numberOf(one));
    },
  });
  await waitFor(async () => (await pending()) === 0);
  const dead = await sandbox.database.query('SELECT body, last_error FROM outbox');
  expect(dead).toEqual([
    { body: { n: 1 }, last_error: 'Error: given up (the handler threw 5 times)' },
  ]);
  await sleep(200);
  expect(published).toEqual([2]);

  cured = true;
  expect(await redriveOutbox(sandbox.database)).toBe(1);
  await waitFor(() => published.length === 2);
  expect(published).toEqual([2, 1]);
  expect(await redriveOutbox(sandbox.database)).toBe(0);
});

it('holds a row for as long as publishing it takes, and others pass it meanwhile', async () => {
  await send(message(1, { routingKey: 'report.requested' }));
  const published: number[] = [];
  const slow = Promise.withResolvers<void>();
  const two = () =>
    relay({
      leaseMs: 1_500,
      publish: async (one) => {
        published.push(numberOf(one));
        if (numberOf(one) === 1) await slow.promise;
      },
    });
  two();
  two();
  await waitFor(() => published.length === 1);
  await send(message(2));
  await waitFor(() => published.length === 2);
  await sleep(3_000);
  expect(published).toEqual([1, 2]);
  slow.resolve();
  await waitFor(async () => (await pending()) === 0);
});

it('lets no queue of slow jobs take every place', async () => {
  await send(...numbers(100).map((n) => message(n, { routingKey: 'report.requested' })));
  await send(message(1_000));
  const published: number[] = [];
  const slow = Promise.withResolvers<void>();
  let most = 0;
  let running = 0;
  relay({
    batch: 5,
    maxInFlight: 20,
    publish: async (one) => {
      most = Math.max(most, (running += 1));
      if (one.routingKey === 'report.requested') await slow.promise;
      published.push(numberOf(one));
      running -= 1;
    },
  });
  await waitFor(() => published.length === 1);
  expect(published).toEqual([1_000]);
  slow.resolve();
  await waitFor(async () => (await pending()) === 0);
  expect(most).toBeLessThanOrEqual(20);
  expect(published).toHaveLength(101);
});

it('takes over the rows of a relay that was killed, once its lease has ended', async () => {
  await send(...numbers(30).map((n) => message(n)));
  const program = new URL('./fixtures/relay-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, sandbox.url, '4000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let taken = 0;
  child.stdout.on('data', (data: Buffer) => (taken += data.toString().trim().split('\n').length));
  await waitFor(() => taken === 30, 20_000);

  const published: number[] = [];
  relay({ publish: async (one) => void published.push(numberOf(one)) });
  // The other one lives and renews its lease.
  await sleep(5_000);
  expect(published).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await waitFor(async () => (await pending()) === 0);
  expect(published).toEqual(numbers(30));
});

it('gives unfinished rows free when it stops', async () => {
  await send(message(1));
  const stuck = relay({
    publish: () => new Promise(() => {}),
    leaseMs: 60_000,
    stopTimeoutMs: 100,
  });
  const isTaken = async () =>
    (await sandbox.database.query('SELECT FROM outbox WHERE due_at > now()')).length === 1;
  await waitFor(isTaken);
  await stuck.stop();
  const published: number[] = [];
  relay({ publish: async (one) => void published.push(numberOf(one)) });
  await waitFor(() => published.length === 1);
});

it('finishes what is on its way when it stops', async () => {
  await send(message(1));
  let begun = false;
  const stopping = relay({
    publish: async () => {
      begun = true;
      await sleep(300);
    },
  });
  await waitFor(() => begun);
  await stopping.stop();
  expect(await pending()).toBe(0);
});

it('ends at its time when publishing takes longer, and leaves the process free', async () => {
  await send(message(1));
  const { promise: published, resolve: publish } = Promise.withResolvers<void>();
  let begun = false;
  const stopping = relay({
    stopTimeoutMs: 50,
    publish: async () => {
      begun = true;
      await published;
    },
  });
  await waitFor(() => begun);
  await stopping.stop();
  publish();
  // A timer comes only where nothing holds up the process.
  await sleep(50);
  expect(await pending()).toBe(1);
});

it('goes on after the database was away', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'woodytoys-restart-'));
  const log = createTestLogger();
  const first = await startEmbeddedPostgres({ directory, log });
  await execute(first.url, await upOf('outbox'));
  const database = createDatabase({ connectionString: first.url, service: 'test', log });
  const published = new Set<number>();
  const enqueueIn = (n: number) =>
    database.transaction(async (transaction) => enqueue(transaction, message(n)));
  const restarted = createOutboxRelay({
    database,
    log,
    pollMs: 50,
    publish: async (one) => {
      await sleep(200);
      published.add(numberOf(one));
    },
  });
  for (const n of numbers(5)) await enqueueIn(n);
  await sleep(100);
  await first.stop();
  await sleep(700);
  const second = await startEmbeddedPostgres({ directory, port: first.port, log });
  await waitFor(() => enqueueIn(5).then(() => true));
  await waitFor(async () => (await database.query('SELECT FROM outbox')).length === 0, 20_000);
  expect([...published].sort()).toEqual(numbers(6));
  const said = log.lines.filter(({ msg }) => msg.startsWith('the outbox can'));
  expect(said.map(({ level }) => level)).toEqual([40, 30]);
  await restarted.stop();
  await database.close();
  await second.stop();
  await rm(directory, { recursive: true });
});

it('shows the number and age of what waits, and what is dead', async () => {
  const registry = createMetricsRegistry({ defaultMetrics: false });
  const metrics = registry.service('test');
  await send(message(1), message(2), message(3));
  await sandbox.database.query(
    `UPDATE outbox SET occurred_at = now() - interval '90 seconds', due_at = 'infinity'`,
  );
  await sandbox.database.query(
    `UPDATE outbox SET dead_at = now() WHERE id = (SELECT min(id::text)::uuid FROM outbox)`,
  );
  const measured = relay({ publish: away, metrics });
  const { body } = await registry.expose();
  expect(body).toMatch(/outbox_pending\{[^}]*\} 2/);
  expect(body).toMatch(/outbox_dead\{[^}]*\} 1/);
  expect(body).toMatch(/outbox_oldest_seconds\{[^}]*\} 9\d/);
  await measured.stop();
  expect((await registry.expose()).body).not.toMatch(/outbox_pending\{/);
});

it('refuses a row that the database cannot keep without losing the transaction', async () => {
  const refused = send(message(1, { id: 'not a uuid' }));
  await expect(refused).rejects.toMatchObject({ code: '22P02' });
});
