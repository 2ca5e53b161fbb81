/** What only RabbitMQ has: queues of its own, other programs, consumers that die. */
import {
  type TestVirtualHost,
  createTestLogger,
  createTestVirtualHost,
  describeWithRabbit,
  uniqueName,
  waitFor,
} from '@woodytoys/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  type Messaging,
  PermanentError,
  type RabbitOptions,
  connectRabbit,
  deadLetterQueueOf,
  retryQueueOf,
} from '../src/index.ts';
import { onRawChannel, startConsumerProcess } from './rabbit-support.ts';
import { declareQueue, gate, message, recordedMetrics, recorder } from './support.ts';
import type { RecordedMetrics } from './support.ts';

const acknowledged = ({ calls }: RecordedMetrics) =>
  calls.filter((call) => call === 'consumed acknowledged').length;

describeWithRabbit('over RabbitMQ', () => {
  let host: TestVirtualHost;
  const opened: Messaging[] = [];
  const open = async (options: Partial<RabbitOptions> = {}): Promise<Messaging> => {
    const messaging = await connectRabbit({
      url: host.url,
      service: 'rabbit-test',
      log: createTestLogger(),
      ...options,
    });
    opened.push(messaging);
    return messaging;
  };

  beforeAll(async () => {
    host = await createTestVirtualHost();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((messaging) => messaging.close()));
  });

  afterAll(() => host.drop());

  test('messages are persistent and say what they are', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('properties'));
    const sent = message(exchange, 'k', { occurredAt: new Date('2026-01-02T03:04:05.678Z') });
    await messaging.publish(sent);

    const got = await onRawChannel(host.url, (channel) => channel.get(name, { noAck: true }));

    expect(got && got.properties).toMatchObject({
      deliveryMode: 2,
      messageId: sent.id,
      contentType: 'application/json',
      appId: 'rabbit-test',
      timestamp: Date.parse('2026-01-02T03:04:05Z') / 1000,
    });
  });

  test('a dead letter carries its reason and origin in headers, and its content untouched', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('headers'), [20]);
    await messaging.consume(name, () => Promise.reject(new Error('flat\nbattery')), {
      prefetch: 1,
    });
    const sent = message(exchange, 'toy.sold', { body: { a: 1 }, headers: { traceparent: 'tp' } });
    await messaging.publish(sent);
    await waitFor(async () => (await messaging.deadLetters(name, 1)).length === 1);

    const got = await onRawChannel(host.url, (channel) => channel.get(deadLetterQueueOf(name)));

    expect(got && got.content.toString()).toBe('{"a":1}');
    expect(got && got.properties.headers).toEqual({
      traceparent: 'tp',
      'wt-exchange': exchange,
      'wt-routing-key': 'toy.sold',
      'wt-queue': name,
      'wt-reason': 'Error: flat battery',
      'wt-attempts': 2,
      'wt-failed-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      'wt-occurred-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      'wt-published-at': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      // Looking at it by deadLetters() has counted as a delivery.
      'x-acquired-count': expect.any(Number),
    });
  });

  test.each<[string, string, { messageId?: string }, string, unknown]>([
    [
      'content that is not JSON',
      '{"half":',
      { messageId: 'm-1' },
      'its content is not JSON',
      '{"half":',
    ],
    ['a message without an id', '{"a":1}', {}, 'it has no id', { a: 1 }],
  ])(
    '%s becomes a dead letter without being handled',
    async (_what, content, properties, why, body) => {
      const messaging = await open();
      const { name, exchange } = await declareQueue(messaging, uniqueName('malformed'), [10]);
      const { handler, deliveries } = recorder();
      await messaging.consume(name, handler, { prefetch: 1 });

      await onRawChannel(host.url, async (channel) => {
        channel.publish(exchange, 'from.elsewhere', Buffer.from(content), properties);
        await channel.checkExchange(exchange);
      });

      const letter = await waitFor(async () => (await messaging.deadLetters(name, 1))[0]);
      expect(letter).toMatchObject({
        id: properties.messageId ?? '',
        exchange,
        routingKey: 'from.elsewhere',
        body,
        reason: `Malformed message: ${why}.`,
        attempts: 0,
      });
      expect(deliveries).toEqual([]);
      expect(await messaging.redrive(name, 1)).toBe(1);
      await waitFor(async () => (await messaging.deadLetters(name, 1)).length === 1);
    },
  );

  test('a message of another program keeps its foreign headers through a retry', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('foreign'), [10]);
    const { handler, deliveries } = recorder(({ attempt }) => {
      if (attempt === 1) throw new Error('once more');
    });
    await messaging.consume(name, handler, { prefetch: 1 });

    await onRawChannel(host.url, async (channel) => {
      const headers = { text: 'x', number: 5, 'wt-attempt': 'nonsense', 'x-death': 'forged' };
      channel.publish(exchange, 'k', Buffer.from('1'), { messageId: 'm', headers });
      await channel.checkExchange(exchange);
    });

    await waitFor(() => deliveries.length === 2);
    expect(deliveries).toMatchObject([
      { attempt: 1, headers: { text: 'x' } },
      { attempt: 2, headers: { text: 'x' } },
    ]);
    expect(Object.keys(deliveries[1]!.headers)).toEqual(['text']);
  });

  test('a retry waits in a quorum queue of the broker, so it outlives its consumer', async () => {
    const first = await open();
    const { name, exchange } = await declareQueue(first, uniqueName('outlives'), [1_500]);
    await first.consume(name, () => Promise.reject(new Error('first fails')), { prefetch: 1 });
    const sent = message(exchange, 'k');
    await first.publish(sent);
    const waiting = retryQueueOf(name, 1_500);
    await waitFor(() =>
      onRawChannel(host.url, async (channel) => (await channel.checkQueue(waiting)).messageCount),
    );
    await first.close();

    const second = await open();
    await declareQueue(second, name, [1_500]);
    const { handler, deliveries } = recorder();
    await second.consume(name, handler, { prefetch: 1 });

    await waitFor(() => deliveries.length === 1);
    expect(deliveries[0]).toMatchObject({ id: sent.id, attempt: 2 });
  });

  test('a queue that exists with other properties is refused with its name and the difference', async () => {
    const messaging = await open();
    const name = uniqueName('classic');
    await onRawChannel(host.url, (channel) => channel.assertQueue(name, { durable: true }));

    const declared = declareQueue(messaging, name);

    await expect(declared).rejects.toMatchObject({ code: 'topology-mismatch', retryable: false });
    await expect(declared).rejects.toThrow(name);
    await expect(declared).rejects.toThrow(
      "received the value '' of type 'longstr' but current is none",
    );
    // The connection has survived it.
    await declareQueue(messaging, `${name}.other`);
    await messaging.ping();
  });

  test('a message goes to another consumer when the process that holds it is killed', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('killed'));
    const victim = await startConsumerProcess(host.url, name);
    const sent = message(exchange, 'k');
    await messaging.publish(sent);
    await waitFor(() => victim.ids.length === 1);
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 1 });
    expect(deliveries).toEqual([]);

    await victim.kill();

    await waitFor(() => deliveries.length === 1);
    expect(deliveries[0]).toMatchObject({ id: sent.id, attempt: 1 });
  });

  test('a message that kills every consumer ends as a dead letter', async () => {
    const messaging = await open({ deliveryLimit: 1 });
    const { name, exchange } = await declareQueue(messaging, uniqueName('poison'));
    const sent = message(exchange, 'deadly', { body: 'poison' });
    await messaging.publish(sent);
    for (const victim of [1, 2]) {
      const consumer = await startConsumerProcess(host.url, name, '1');
      await waitFor(() => consumer.ids.length === 1).catch((error: unknown) => {
        throw new Error(`Victim ${victim} got nothing.`, { cause: error });
      });
      await consumer.kill();
    }

    const letter = await waitFor(async () => (await messaging.deadLetters(name, 1))[0]);

    expect(letter).toMatchObject({
      id: sent.id,
      exchange,
      routingKey: 'deadly',
      body: 'poison',
      attempts: 2,
      reason: expect.stringContaining('delivery_limit'),
    });
    expect(letter.failedAt.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(await messaging.deadLetters(name, 1)).toEqual([letter]);
    expect(await messaging.deadLetters(name, 1)).toEqual([letter]);
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 1 });
    expect(await messaging.redrive(name, 1)).toBe(1);
    await waitFor(() => deliveries.length === 1);
    expect(deliveries[0]).toMatchObject({ id: sent.id, routingKey: 'deadly', attempt: 1 });
  });

  test('closing lets the process end', async () => {
    const messaging = await open();
    const name = uniqueName('ends');
    await declareQueue(messaging, name);
    const consumer = await startConsumerProcess(host.url, name);

    expect(await consumer.close()).toBe(0);
  });

  test('a consumer comes back when its queue is deleted, and the queue with it', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('deleted'));
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 1 });

    await onRawChannel(host.url, (channel) => channel.deleteQueue(name));

    const consumed = () =>
      onRawChannel(host.url, async (channel) => (await channel.checkQueue(name)).consumerCount);
    await waitFor(() => consumed().catch(() => 0));
    await messaging.publish(message(exchange, 'k', { mandatory: true }));
    await waitFor(() => deliveries.length === 1);
  });

  test('a lost exchange is declared again, and publishing goes on', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('lost'));
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 1 });

    await onRawChannel(host.url, (channel) => channel.deleteExchange(exchange));
    const sent = message(exchange, 'k', { mandatory: true });
    await expect(messaging.publish(sent)).rejects.toMatchObject({ retryable: true });

    await waitFor(() =>
      messaging.publish(sent).then(
        () => true,
        () => false,
      ),
    );
    await waitFor(() => deliveries.some(({ id }) => id === sent.id));
  });

  test('a message is not lost when its dead letter queue or delay queue is gone', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('gone'), [10]);
    await onRawChannel(host.url, async (channel) => {
      await channel.deleteQueue(deadLetterQueueOf(name));
      await channel.deleteQueue(retryQueueOf(name, 10));
    });
    await messaging.consume(name, () => Promise.reject(new Error('always')), { prefetch: 1 });
    const sent = message(exchange, 'k');

    await messaging.publish(sent);

    const letters = () => messaging.deadLetters(name, 1).catch(() => []);
    const letter = await waitFor(async () => (await letters())[0]);
    expect(letter).toMatchObject({ id: sent.id, attempts: 2 });
  });

  test('a handler that outlasts the consumer timeout is told that the message was taken back', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('timed-out'));
    // Only for its subscription of this queue: the timeout is the broker's, 30 minutes unless set.
    await onRawChannel(host.url, (channel) => channel.checkQueue(name));
    await setPolicy(host, name, { 'consumer-timeout': 500 });
    const slow = recorder(
      ({ signal }) =>
        new Promise((resolve) => {
          if (slow.deliveries.length > 1) resolve();
          else signal.addEventListener('abort', () => resolve());
        }),
    );
    await messaging.consume(name, slow.handler, { prefetch: 1 });
    const sent = message(exchange, 'k');
    await messaging.publish(sent);

    await waitFor(() => slow.deliveries.length === 2, 90_000);

    expect(slow.deliveries[0]?.signal.aborted).toBe(true);
    expect(slow.deliveries[1]).toMatchObject({ id: sent.id, attempt: 1 });
  }, 120_000);

  test('a batch is acknowledged together, and never what is still being worked on', async () => {
    const publisher = await open();
    const { name, exchange } = await declareQueue(publisher, uniqueName('batch'));
    const sent = Array.from({ length: 10 }, () => message(exchange, 'k'));
    const slow = new Set([sent[3]?.id, sent[4]?.id, sent[8]?.id]);
    const together = gate();
    const metrics = recordedMetrics();
    const consuming = await open({ drainTimeoutMs: 100, metrics });
    const worker = recorder(({ id, signal }) =>
      slow.has(id)
        ? new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new Error('not finished')));
          })
        : together.opened,
    );
    await declareQueue(consuming, name);
    await consuming.consume(name, worker.handler, { prefetch: 10 });
    for (const each of sent) await publisher.publish(each);
    await waitFor(() => worker.deliveries.length === sent.length);

    together.open();
    await waitFor(() => acknowledged(metrics) === sent.length - slow.size);
    await consuming.close();

    const { handler, deliveries } = recorder();
    await publisher.consume(name, handler, { prefetch: 10 });
    await waitFor(() => deliveries.length >= slow.size);
    expect(new Set(deliveries.map(({ id }) => id))).toEqual(slow);
    expect(deliveries).toHaveLength(slow.size);
  });

  test('many processes may declare the same at once', async () => {
    const name = uniqueName('at-once');
    const all = await Promise.all(Array.from({ length: 6 }, () => open()));

    await Promise.all(all.map((messaging) => declareQueue(messaging, name, [10, 20])));

    const { handler, deliveries } = recorder();
    await all[0]!.consume(name, handler, { prefetch: 1 });
    await all[5]!.publish(message(`${name}.events`, 'k', { mandatory: true }));
    await waitFor(() => deliveries.length === 1);
  });

  test('more publishes than may be outstanding wait for their turn', async () => {
    const messaging = await open({ maxOutstanding: 3 });
    const { name, exchange } = await declareQueue(messaging, uniqueName('turns'));
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 50 });
    const sent = Array.from({ length: 200 }, () => message(exchange, 'k'));

    await Promise.all(sent.map((each) => messaging.publish(each)));

    await waitFor(() => deliveries.length === 200);
    expect(new Set(deliveries.map(({ id }) => id))).toEqual(new Set(sent.map(({ id }) => id)));
  });

  test('unroutable messages among others are told apart', async () => {
    const messaging = await open();
    const prefix = uniqueName('mixed');
    const exchange = `${prefix}.direct`;
    await messaging.declare({
      exchanges: [{ name: exchange, type: 'direct' }],
      queues: [{ name: prefix, bindings: [{ exchange, routingKey: 'a' }], retryDelaysMs: [] }],
    });
    const keys = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? 'b' : 'a'));

    const outcomes = await Promise.allSettled(
      keys.map((key) => messaging.publish(message(exchange, key, { mandatory: true }))),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(
      keys.map((key) => (key === 'a' ? 'fulfilled' : 'rejected')),
    );
  });

  test('an address without a broker is given up after the time set, without its password', async () => {
    const url = 'amqp://me:hunter2@127.0.0.1:9/';
    const connected = connectRabbit({
      url,
      service: 'x',
      log: createTestLogger(),
      connectTimeoutMs: 700,
    });

    const error = await connected.catch((caught: Error) => caught);

    expect(error).toMatchObject({ code: 'connect-failed', retryable: true });
    expect(String(error)).toMatch(/127\.0\.0\.1:9.*700 ms.*ECONNREFUSED/);
    expect(String(error)).not.toContain('hunter2');
  });

  test('a wrong password is named as the reason', async () => {
    const url = new URL(host.url);
    url.password = 'wrong';
    const connected = connectRabbit({
      url: url.href,
      service: 'x',
      log: createTestLogger(),
      connectTimeoutMs: 1_500,
    });

    await expect(connected).rejects.toThrow(/ACCESS_REFUSED|ACCESS-REFUSED/);
  });

  test.each(['http://localhost', 'localhost:5672', ''])('%j is no address', async (url) => {
    const connected = connectRabbit({ url, service: 'x', log: createTestLogger() });

    await expect(connected).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('a permanent failure leaves nothing behind in the queues', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('clean'), [10]);
    await messaging.consume(name, () => Promise.reject(new PermanentError('no')), { prefetch: 1 });
    await messaging.publish(message(exchange, 'k'));
    await waitFor(async () => (await messaging.deadLetters(name, 1)).length === 1);
    await messaging.close();

    const counts = await onRawChannel(host.url, async (channel) => {
      const queues = [name, retryQueueOf(name, 10), deadLetterQueueOf(name)];
      return Promise.all(queues.map(async (each) => (await channel.checkQueue(each)).messageCount));
    });

    expect(counts).toEqual([0, 0, 1]);
  });
});

/** Sets a policy by the management API, as an operator would. */
async function setPolicy(host: TestVirtualHost, queue: string, definition: object): Promise<void> {
  const base = new URL(
    process.env['WT_TEST_RABBIT_MANAGEMENT_URL'] ?? 'http://guest:guest@127.0.0.1:15672',
  );
  const response = await fetch(`http://${base.host}/api/policies/${host.name}/${queue}`, {
    method: 'PUT',
    headers: {
      authorization: `Basic ${btoa(`${base.username}:${base.password}`)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ pattern: `^${queue}$`, definition, 'apply-to': 'quorum_queues' }),
  });
  expect(response.ok).toBe(true);
}
