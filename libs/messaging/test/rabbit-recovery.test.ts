/** What happens while the broker is away: killed, frozen, back again. It has a broker to itself. */
import {
  type RestartableServer,
  createTestLogger,
  describeWithRabbit,
  startOwnRabbit,
  uniqueName,
  waitFor,
} from '@woodytoys/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Messaging, type RabbitOptions, connectRabbit } from '../src/index.ts';
import { startConsumerProcess } from './rabbit-support.ts';
import { declareQueue, message, recordedMetrics, recorder } from './support.ts';

/** RabbitMQ takes its time to start, longer on a busy machine. */
const PATIENCE_MS = 180_000;

/**
 * RabbitMQ writes the names of new queues to disk a moment after it has confirmed them: killed before
 * that, it starts each anew and empty ("Starting member as a new one" in its log).
 */
const QUEUE_ON_DISK_MS = 2_500;

/** Docker's freezer gives up now and then on a busy machine ("unable to freeze"). */
async function freeze(broker: RestartableServer): Promise<void> {
  await waitFor(() => broker.pause().then(() => true), 60_000);
}

async function declareDurably(...args: Parameters<typeof declareQueue>) {
  const declared = await declareQueue(...args);
  await new Promise((resolve) => setTimeout(resolve, QUEUE_ON_DISK_MS));
  return declared;
}

describeWithRabbit('while the broker is away', () => {
  let broker: RestartableServer;
  const opened: Messaging[] = [];
  const open = async (options: Partial<RabbitOptions> = {}): Promise<Messaging> => {
    const messaging = await connectRabbit({
      url: broker.url,
      service: 'recovery-test',
      log: createTestLogger(),
      ...options,
    });
    opened.push(messaging);
    return messaging;
  };

  beforeAll(async () => {
    broker = await startOwnRabbit();
  }, PATIENCE_MS);

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((messaging) => messaging.close()));
  });

  afterAll(() => broker.close());

  test(
    'a broker killed among 500 publishes loses none, and its consumers come back',
    async () => {
      const metrics = recordedMetrics();
      const messaging = await open({ metrics });
      const { name, exchange } = await declareDurably(messaging, uniqueName('restart'), [100]);
      const handled = new Map<string, number>();
      await messaging.consume(
        name,
        async ({ id, attempt }) => {
          handled.set(id, (handled.get(id) ?? 0) + 1);
          // Some go through the delay queue while the broker is away.
          if (attempt === 1 && handled.size % 5 === 0) throw new Error('once more');
        },
        { prefetch: 20 },
      );
      const sent = Array.from({ length: 500 }, () => message(exchange, 'k', { mandatory: true }));
      const safe = new Set<string>();
      let failures = 0;
      const publishSafely = async (each: (typeof sent)[number]): Promise<void> => {
        for (;;) {
          try {
            await messaging.publish(each);
            safe.add(each.id);
            return;
          } catch (error) {
            expect(error).toMatchObject({ name: 'MessagingError', retryable: true });
            failures += 1;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        }
      };
      const publishing = (async () => {
        // A few at a time, so that the broker dies in the middle and not before or after.
        const queue = [...sent];
        const worker = async () => {
          for (let next = queue.shift(); next; next = queue.shift()) await publishSafely(next);
        };
        await Promise.all(Array.from({ length: 8 }, worker));
      })();
      await waitFor(() => safe.size > 100);

      await broker.stop();
      expect(safe.size).toBeLessThan(500);
      await waitFor(() => failures > 0, 30_000);
      await expect(messaging.ping()).rejects.toMatchObject({ code: 'connection-lost' });
      await broker.start();
      await publishing;

      await waitFor(() => handled.size === 500, 60_000);
      expect([...handled.keys()].sort()).toEqual(sent.map(({ id }) => id).sort());
      await messaging.ping();
      const connected = metrics.calls.filter((call) => call.startsWith('connected'));
      expect(connected).toContain('connected false');
      expect(connected.at(-1)).toBe('connected true');
    },
    PATIENCE_MS,
  );

  test(
    'a handler whose connection is lost is told so, and its message comes again',
    async () => {
      const messaging = await open();
      const { name, exchange } = await declareDurably(messaging, uniqueName('told'), [100]);
      const { handler, deliveries } = recorder(({ signal }) => {
        if (deliveries.length > 1) return;
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        );
      });
      await messaging.consume(name, handler, { prefetch: 1 });
      const sent = message(exchange, 'k');
      await messaging.publish(sent);
      await waitFor(() => deliveries.length === 1);

      await broker.stop();
      await waitFor(() => deliveries[0]?.signal.aborted);
      await broker.start();

      await waitFor(() => deliveries.length === 2, 60_000);
      expect(deliveries[1]).toMatchObject({ id: sent.id, attempt: 1 });
    },
    PATIENCE_MS,
  );

  test(
    'what is in a dead letter or delay queue is there after a restart',
    async () => {
      const messaging = await open();
      const { name, exchange } = await declareDurably(messaging, uniqueName('durable'), [2_000]);
      const { handler, deliveries } = recorder(({ body, attempt }) => {
        if (body === 'dead') throw Object.assign(new Error('dead'), { retryable: false });
        if (attempt === 1) throw new Error('later');
      });
      await messaging.consume(name, handler, { prefetch: 5 });
      await messaging.publish(message(exchange, 'k', { body: 'dead' }));
      await waitFor(async () => (await messaging.deadLetters(name, 1)).length === 1);
      await messaging.publish(message(exchange, 'k', { body: 'later' }));
      await waitFor(() => deliveries.length === 2);

      await broker.stop();
      await broker.start();

      await waitFor(
        () => deliveries.some(({ body, attempt }) => body === 'later' && attempt === 2),
        60_000,
      );
      expect(await messaging.deadLetters(name, 10)).toMatchObject([{ body: 'dead' }]);
    },
    PATIENCE_MS,
  );

  test(
    'a frozen broker fails publishes in time, bounds what waits, and fails ping',
    async () => {
      const messaging = await open({ publishTimeoutMs: 600, maxOutstanding: 2 });
      const { name, exchange } = await declareQueue(messaging, uniqueName('frozen'));
      const { handler, deliveries } = recorder();
      await messaging.consume(name, handler, { prefetch: 10 });

      await freeze(broker);
      try {
        const sent = Array.from({ length: 6 }, () => message(exchange, 'k'));
        const outcomes = await Promise.allSettled(sent.map((each) => messaging.publish(each)));
        const codes = outcomes.map(
          (outcome) => outcome.status === 'rejected' && outcome.reason.code,
        );
        expect(codes).toEqual([
          'timeout',
          'timeout',
          'overloaded',
          'overloaded',
          'overloaded',
          'overloaded',
        ]);
        await expect(messaging.ping()).rejects.toMatchObject({ code: 'timeout' });
      } finally {
        await broker.resume();
      }

      const next = message(exchange, 'k');
      await waitFor(() => messaging.publish(next).then(() => true), 60_000);
      await waitFor(() => deliveries.some(({ id }) => id === next.id));
      await messaging.ping();
    },
    PATIENCE_MS,
  );

  test(
    'a connection that a frozen broker has left hanging is noticed by its heartbeat',
    async () => {
      const url = new URL(broker.url);
      url.searchParams.set('heartbeat', '1');
      const log = createTestLogger();
      const messaging = await open({ url: url.href, log });
      await declareQueue(messaging, uniqueName('heartbeat'));

      await freeze(broker);
      try {
        await waitFor(() => log.lines.some(({ msg }) => msg === 'Broker not connected'), 30_000);
      } finally {
        await broker.resume();
      }

      await waitFor(() => messaging.ping().then(() => true), 60_000);
    },
    PATIENCE_MS,
  );

  test(
    'closing ends although the broker is frozen, and lets the process end',
    async () => {
      const messaging = await open();
      const name = uniqueName('hanging');
      await declareQueue(messaging, name);
      // No heartbeat is to do what closing has to.
      const url = new URL(broker.url);
      url.searchParams.set('heartbeat', '600');
      const consumer = await startConsumerProcess(url.href, name);

      await freeze(broker);
      try {
        expect(await consumer.close()).toBe(0);
      } finally {
        await broker.resume();
      }
    },
    PATIENCE_MS,
  );

  test(
    'a consumer that is stopped while the broker is away stays stopped',
    async () => {
      const messaging = await open();
      const { name, exchange } = await declareDurably(messaging, uniqueName('stays'));
      const stopped = recorder();
      const consumer = await messaging.consume(name, stopped.handler, { prefetch: 1 });

      await broker.stop();
      await waitFor(() =>
        messaging.ping().then(
          () => false,
          () => true,
        ),
      );
      await consumer.stop();
      await broker.start();

      const other = recorder();
      await waitFor(() => messaging.ping().then(() => true), 60_000);
      await messaging.consume(name, other.handler, { prefetch: 1 });
      await messaging.publish(message(exchange, 'k'));
      await waitFor(() => other.deliveries.length === 1);
      expect(stopped.deliveries).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    'a broker that starts late is waited for',
    async () => {
      await broker.stop();
      const late = open({ connectTimeoutMs: 120_000 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await broker.start();

      await (await late).ping();
    },
    PATIENCE_MS,
  );
});
