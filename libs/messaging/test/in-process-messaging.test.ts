import { createTestLogger, uniqueName, waitFor } from '@woodytoys/testing';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type InProcessOptions,
  type Messaging,
  PermanentError,
  createInProcessMessaging,
} from '../src/index.ts';
import { messagingContract } from './messaging-contract.ts';
import { declareQueue, gate, message, recordedMetrics, recorder } from './support.ts';

describe('the contract, in process', () => {
  messagingContract(async (options) => createInProcessMessaging(options));
});

describe('publishing in process', () => {
  const opened: Messaging[] = [];
  const open = (options: Partial<InProcessOptions> = {}) => {
    const messaging = createInProcessMessaging({ log: createTestLogger(), ...options });
    opened.push(messaging);
    return messaging;
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((messaging) => messaging.close()));
  });

  test('resolves only when every consumer has committed', async () => {
    const messaging = open();
    const exchange = uniqueName('both');
    const bindings = [{ exchange, routingKey: '#' }];
    const names = [`${exchange}.one`, `${exchange}.two`];
    await messaging.declare({
      exchanges: [{ name: exchange, type: 'topic' }],
      queues: names.map((name) => ({ name, bindings, retryDelaysMs: [] })),
    });
    const gates = [gate(), gate()];
    for (const [index, name] of names.entries()) {
      await messaging.consume(name, () => gates[index]!.opened, { prefetch: 1 });
    }
    let published = false;
    const publishing = messaging.publish(message(exchange, 'k')).then(() => (published = true));

    gates[0]!.open();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(published).toBe(false);
    gates[1]!.open();
    await publishing;
  });

  test('shows how many messages each queue holds, and its dead letters', async () => {
    const metrics = recordedMetrics();
    const depths = () => metrics.readQueues();
    const messaging = open({ metrics });
    const { exchange } = await declareQueue(messaging, 'work');
    const hold = gate();
    const refuse = async () => {
      await hold.opened;
      throw new PermanentError('no such shop');
    };
    await messaging.consume('work', refuse, { prefetch: 1 });
    const publishing = [1, 2, 3].map(() => messaging.publish(message(exchange, 'k')));
    const settled = Promise.allSettled(publishing);
    await waitFor(() => depths()['work']?.unacknowledged === 1);
    expect(depths()).toEqual({
      work: { ready: 2, unacknowledged: 1 },
      'work.dead': { ready: 0, unacknowledged: 0 },
    });
    hold.open();
    await settled;
    expect(depths()).toEqual({
      work: { ready: 0, unacknowledged: 0 },
      'work.dead': { ready: 3, unacknowledged: 0 },
    });
  });

  test('rejects with the reason when a consumer gives the message up, once all are done', async () => {
    const messaging = open();
    const exchange = uniqueName('given-up');
    const bindings = [{ exchange, routingKey: '#' }];
    await messaging.declare({
      exchanges: [{ name: exchange, type: 'topic' }],
      queues: ['bad', 'slow'].map((name) => ({ name, bindings, retryDelaysMs: [] })),
    });
    const hold = gate();
    await messaging.consume('bad', () => Promise.reject(new PermanentError('no such shop')), {
      prefetch: 1,
    });
    await messaging.consume('slow', () => hold.opened, { prefetch: 1 });
    let settled = false;
    const publishing = messaging.publish(message(exchange, 'k')).finally(() => (settled = true));
    publishing.catch(() => {});

    await waitFor(async () => (await messaging.deadLetters('bad', 1)).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(settled).toBe(false);
    hold.open();

    await expect(publishing).rejects.toMatchObject({
      code: 'dead-lettered',
      deadLettered: true,
      retryable: false,
      reason: 'bad: PermanentError: no such shop',
    });
  });

  test('of a message that is still on its way joins the first publish', async () => {
    const messaging = open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('joined'));
    const hold = gate();
    const { handler, deliveries } = recorder(() => hold.opened);
    await messaging.consume(name, handler, { prefetch: 5 });
    const sent = message(exchange, 'k');
    const twice = [messaging.publish(sent), messaging.publish(sent)];
    await waitFor(() => deliveries.length === 1);
    hold.open();
    await Promise.all(twice);

    expect(deliveries).toHaveLength(1);
    await messaging.publish(sent);
    expect(deliveries).toHaveLength(2);
  });

  test('is refused while too many messages are on their way', async () => {
    const messaging = open({ maxPending: 2 });
    const { name, exchange } = await declareQueue(messaging, uniqueName('crowded'));
    const first = [message(exchange, 'k'), message(exchange, 'k')];
    const published = first.map((each) => messaging.publish(each));

    const refused = messaging.publish(message(exchange, 'k'));

    await expect(refused).rejects.toMatchObject({ code: 'overloaded', retryable: true });
    await messaging.consume(name, async () => {}, { prefetch: 1 });
    await Promise.all(published);
    await messaging.publish(message(exchange, 'k'));
  });

  test('is rejected as retryable when the broker closes first', async () => {
    const messaging = open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('cut'), [60_000]);
    const { handler, deliveries } = recorder(() => {
      throw new Error('not yet');
    });
    await messaging.consume(name, handler, { prefetch: 1 });
    const waitingForRetry = messaging.publish(message(exchange, 'k'));
    const outcome = expect(waitingForRetry).rejects.toMatchObject({
      code: 'closed',
      retryable: true,
      deadLettered: false,
    });
    await waitFor(() => deliveries.length === 1);

    await messaging.close();

    await outcome;
  });

  test('shares nothing between consumers: each gets a body of its own', async () => {
    const messaging = open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('own'), [5]);
    const seen: unknown[] = [];
    await messaging.consume<{ list: number[] }>(
      name,
      async ({ body, attempt }) => {
        seen.push([...body.list]);
        body.list.push(attempt);
        if (attempt === 1) throw new Error('again');
      },
      { prefetch: 1 },
    );
    const body = { list: [0] };

    await messaging.publish(message(exchange, 'k', { body }));

    expect(seen).toEqual([[0], [0]]);
    expect(body).toEqual({ list: [0] });
  });

  test('keeps a bounded number of dead letters, and says which it drops', async () => {
    const log = createTestLogger();
    const messaging = open({ maxDeadLetters: 2, log });
    const { name, exchange } = await declareQueue(messaging, uniqueName('bounded'));
    await messaging.consume(name, () => Promise.reject(new PermanentError('no')), { prefetch: 1 });
    const sent = [1, 2, 3].map((body) => message(exchange, 'k', { body }));
    for (const each of sent) await Promise.allSettled([messaging.publish(each)]);

    expect(await messaging.deadLetters(name, 10)).toMatchObject([{ body: 2 }, { body: 3 }]);
    expect(log.lines.filter(({ messageId }) => messageId === sent[0]!.id)).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('the oldest is dropped') }),
    );
  });
});
