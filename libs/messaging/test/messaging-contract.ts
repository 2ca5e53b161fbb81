/** What both brokers promise. Each adapter's test runs this suite with its own way to open one. */
import { createTestLogger, uniqueName, waitFor } from '@woodytoys/testing';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { MessageMetrics } from '@woodytoys/metrics';
import type { Logger } from '@woodytoys/service';
import { type Messaging, type MessagingError, PermanentError } from '../src/index.ts';
import { declareQueue, gate, message, recordedMetrics, recorder } from './support.ts';

export interface ContractOptions {
  readonly log: Logger;
  readonly metrics?: MessageMetrics;
  readonly drainTimeoutMs?: number;
  readonly maxMessageBytes?: number;
}

export function messagingContract(openBroker: (options: ContractOptions) => Promise<Messaging>) {
  const opened: Messaging[] = [];
  const open = async (options: Partial<ContractOptions> = {}): Promise<Messaging> => {
    const messaging = await openBroker({ log: createTestLogger(), ...options });
    opened.push(messaging);
    return messaging;
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((messaging) => messaging.close()));
  });

  test('a message reaches its consumer whole', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('whole'));
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 1 });
    const headers = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-request-id': 'r-1',
    };
    const occurredAt = new Date('2026-02-03T04:05:06.789Z');
    const sent = message(exchange, 'product.updated', {
      body: { price: '19.99', names: ['é', '\u0000', '🧸'] },
      headers,
      occurredAt,
    });

    await messaging.publish(sent);

    await waitFor(() => deliveries.length === 1);
    expect(deliveries[0]).toMatchObject({
      id: sent.id,
      routingKey: 'product.updated',
      body: sent.body,
      attempt: 1,
      occurredAt,
    });
    expect(deliveries[0]?.headers).toEqual(headers);
    expect(deliveries[0]?.signal.aborted).toBe(false);
  });

  test('any JSON value comes out as it went in', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('json'));
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 10 });
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (body) => {
        const sent = message(exchange, 'any', { body });
        await messaging.publish(sent);
        const got = await waitFor(() => deliveries.find(({ id }) => id === sent.id));
        expect(got.body).toEqual(JSON.parse(JSON.stringify(body)));
      }),
      { numRuns: 60 },
    );
  });

  test('topic exchanges match routing keys as AMQP says', async () => {
    const messaging = await open();
    const queue = uniqueName('topics');
    // Words are not empty: there smqp and RabbitMQ differ, and nobody has any.
    const word = fc.constantFrom('a', 'b');
    const patterns = fc.sample(
      fc.array(fc.oneof(word, fc.constantFrom('*', '#')), { minLength: 1, maxLength: 4 }),
      { numRuns: 25, seed: 7 },
    );
    const keys = fc.sample(fc.array(word, { maxLength: 4 }), {
      numRuns: 25,
      seed: 8,
    });
    const exchangeOf = (pattern: readonly string[]) => `${queue}.${pattern.join('.')}`;
    await messaging.declare({
      exchanges: patterns.map((pattern) => ({ name: exchangeOf(pattern), type: 'topic' as const })),
      queues: [
        {
          name: queue,
          retryDelaysMs: [],
          bindings: patterns.map((pattern) => ({
            exchange: exchangeOf(pattern),
            routingKey: pattern.join('.'),
          })),
        },
      ],
    });
    await messaging.consume(queue, async () => {}, { prefetch: 50 });

    for (const pattern of patterns) {
      const routed = await Promise.all(
        keys.map((key) =>
          messaging
            .publish(message(exchangeOf(pattern), key.join('.'), { mandatory: true }))
            .then(() => true)
            .catch((error: MessagingError) => (error.code === 'unroutable' ? false : error)),
        ),
      );
      const wanted = wordsOf(pattern.join('.'));
      const expected = keys.map((key) => matches(wanted, wordsOf(key.join('.'))));
      expect({ pattern, keys, routed }).toEqual({ pattern, keys, routed: expected });
    }
  });

  test('direct exchanges match the whole key, fanout exchanges any', async () => {
    const messaging = await open();
    const prefix = uniqueName('kinds');
    const exchanges = [
      { name: `${prefix}.direct`, type: 'direct' as const },
      { name: `${prefix}.fanout`, type: 'fanout' as const },
    ];
    const bindings = exchanges.map(({ name }) => ({ exchange: name, routingKey: 'report.*' }));
    await messaging.declare({ exchanges, queues: [{ name: prefix, bindings, retryDelaysMs: [] }] });
    const { handler, deliveries } = recorder();
    await messaging.consume(prefix, handler, { prefetch: 1 });

    await messaging.publish(message(`${prefix}.direct`, 'report.x', { body: 'not routed' }));
    await messaging.publish(message(`${prefix}.direct`, 'report.*', { body: 'direct' }));
    await messaging.publish(message(`${prefix}.fanout`, 'anything', { body: 'fanout' }));

    await waitFor(() => deliveries.length === 2);
    expect(deliveries.map(({ body }) => body)).toEqual(['direct', 'fanout']);
  });

  test('every queue gets its own copy, and one only where several bindings match', async () => {
    const messaging = await open();
    const prefix = uniqueName('copies');
    const exchange = `${prefix}.events`;
    const bindings = ['#', 'product.*', 'product.updated'].map((routingKey) => ({
      exchange,
      routingKey,
    }));
    const names = [`${prefix}.one`, `${prefix}.two`];
    await messaging.declare({
      exchanges: [{ name: exchange, type: 'topic' }],
      queues: names.map((name) => ({ name, bindings, retryDelaysMs: [] })),
    });
    const [one, two] = [recorder(), recorder()];
    await messaging.consume(`${prefix}.one`, one.handler, { prefetch: 1 });
    await messaging.consume(`${prefix}.two`, two.handler, { prefetch: 1 });

    const first = message(exchange, 'product.updated');
    const last = message(exchange, 'product.updated');
    await messaging.publish(first);
    await messaging.publish(last);

    for (const { deliveries } of [one, two]) {
      await waitFor(() => deliveries.at(-1)?.id === last.id);
      expect(deliveries.map(({ id }) => id)).toEqual([first.id, last.id]);
    }
  });

  test('a message that no queue takes is dropped, or refused when it is mandatory', async () => {
    const messaging = await open();
    const exchange = uniqueName('nobody');
    await messaging.declare({ exchanges: [{ name: exchange, type: 'topic' }], queues: [] });

    await messaging.publish(message(exchange, 'event'));
    const refused = messaging.publish(message(exchange, 'command', { mandatory: true }));

    await expect(refused).rejects.toMatchObject({
      name: 'MessagingError',
      code: 'unroutable',
      retryable: true,
      deadLettered: false,
    });
  });

  test('a message waits in a declared queue until a consumer comes', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('waits'));
    const sent = message(exchange, 'early', { mandatory: true });
    const published = messaging.publish(sent);
    const { handler, deliveries } = recorder();

    await messaging.consume(name, handler, { prefetch: 1 });

    await published;
    await waitFor(() => deliveries.length === 1);
    expect(deliveries[0]?.id).toBe(sent.id);
  });

  test('a failing message is tried again after each delay, with its attempt counted', async () => {
    const messaging = await open();
    const delays = [200, 600];
    const { name, exchange } = await declareQueue(messaging, uniqueName('retries'), delays);
    const times: number[] = [];
    const { handler, deliveries } = recorder(({ attempt }) => {
      times.push(performance.now());
      if (attempt < 3) throw new Error(`attempt ${attempt}`);
    });
    await messaging.consume(name, handler, { prefetch: 1 });
    const sent = message(exchange, 'some.key', { body: [1], headers: { traceparent: 't' } });

    await messaging.publish(sent);

    await waitFor(() => deliveries.length === 3);
    expect(deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    for (const { id, routingKey, body, headers, occurredAt } of deliveries) {
      expect({ id, routingKey, body, headers, occurredAt }).toEqual({
        id: sent.id,
        routingKey: 'some.key',
        body: [1],
        headers: { traceparent: 't' },
        occurredAt: deliveries[0]?.occurredAt,
      });
    }
    const pauses = [times[1]! - times[0]!, times[2]! - times[1]!];
    // A timer may fire a fraction of a millisecond early.
    expect(pauses[0]).toBeGreaterThanOrEqual(delays[0]! - 5);
    expect(pauses[1]).toBeGreaterThanOrEqual(delays[1]! - 5);
    expect(await messaging.deadLetters(name, 10)).toEqual([]);
  });

  test('a message without attempts left becomes a dead letter that says all about it', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('exhausted'), [20, 30]);
    const { handler, deliveries } = recorder(() => {
      throw new TypeError('no such shop');
    });
    await messaging.consume(name, handler, { prefetch: 1 });
    const sent = message(exchange, 'sale.added', { body: { shop: 99 } });
    const before = Date.now();

    await Promise.allSettled([messaging.publish(sent)]);

    const letter = await waitFor(async () => (await messaging.deadLetters(name, 10))[0]);
    expect(deliveries).toHaveLength(3);
    expect(letter).toEqual({
      id: sent.id,
      queue: name,
      exchange,
      routingKey: 'sale.added',
      body: { shop: 99 },
      reason: 'TypeError: no such shop',
      attempts: 3,
      failedAt: expect.any(Date),
    });
    expect(letter.failedAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  test.each([
    ['a PermanentError', new PermanentError('unknown report')],
    ['any error that is not retryable', Object.assign(new Error('unknown'), { retryable: false })],
  ])('%s makes a dead letter at once', async (_what, error) => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('permanent'), [10, 20]);
    const { handler, deliveries } = recorder(() => {
      throw error;
    });
    await messaging.consume(name, handler, { prefetch: 1 });

    await Promise.allSettled([messaging.publish(message(exchange, 'k'))]);

    const letter = await waitFor(async () => (await messaging.deadLetters(name, 10))[0]);
    expect(letter).toMatchObject({ attempts: 1, reason: `${error.name}: ${error.message}` });
    expect(deliveries).toHaveLength(1);
  });

  test('dead letters are read oldest first and stay where they are', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('letters'));
    await messaging.consume(name, rejectAll, { prefetch: 1 });
    const sent = [1, 2, 3].map((body) => message(exchange, 'k', { body }));
    for (const each of sent) await Promise.allSettled([messaging.publish(each)]);
    const ids = sent.map(({ id }) => id);
    await waitFor(async () => (await messaging.deadLetters(name, 10)).length === 3);

    // Far more often than RabbitMQ's limit of 20 deliveries.
    for (let look = 0; look < 30; look += 1) {
      const letters = await messaging.deadLetters(name, 10);
      expect(letters.map(({ id }) => id)).toEqual(ids);
    }
    const two = await messaging.deadLetters(name, 2);
    expect(two.map(({ body }) => body)).toEqual([1, 2]);
  });

  test('redriven dead letters are handled as if they had been published anew', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('redriven'), [10]);
    let broken = true;
    const { handler, deliveries } = recorder(() => {
      if (broken) throw new Error('out of order');
    });
    await messaging.consume(name, handler, { prefetch: 1 });
    const sent = [1, 2, 3].map((body) => message(exchange, `key.${body}`, { body }));
    for (const each of sent) await Promise.allSettled([messaging.publish(each)]);
    await waitFor(async () => (await messaging.deadLetters(name, 10)).length === 3);
    broken = false;
    deliveries.length = 0;

    expect(await messaging.redrive(name, 2)).toBe(2);

    await waitFor(() => deliveries.length === 2);
    expect(deliveries).toMatchObject([
      { id: sent[0]!.id, routingKey: 'key.1', body: 1, attempt: 1 },
      { id: sent[1]!.id, routingKey: 'key.2', body: 2, attempt: 1 },
    ]);
    expect(await messaging.deadLetters(name, 10)).toMatchObject([{ id: sent[2]!.id }]);
    expect(await messaging.redrive(name, 100)).toBe(1);
    await waitFor(() => deliveries.length === 3);
    expect(await messaging.redrive(name, 100)).toBe(0);
  });

  test('redriving ends although what is redriven fails again', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('again'));
    const { handler, deliveries } = recorder(rejectAll);
    await messaging.consume(name, handler, { prefetch: 20 });
    const sent = range(20).map((index) => message(exchange, `key.${index}`));
    await Promise.allSettled(sent.map((each) => messaging.publish(each)));
    await waitFor(async () => (await messaging.deadLetters(name, 100)).length === 20);

    expect(await messaging.redrive(name, 1000)).toBe(20);

    await waitFor(() => deliveries.length === 40);
    await waitFor(async () => (await messaging.deadLetters(name, 100)).length === 20);
    for (const { id, routingKey } of sent) {
      expect(await messaging.deadLetters(name, 100)).toContainEqual(
        expect.objectContaining({ id, exchange, routingKey, attempts: 1 }),
      );
    }
  });

  test('no more than prefetch messages are handled at once', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('prefetch'));
    const hold = gate();
    let running = 0;
    let most = 0;
    const { handler, deliveries } = recorder(async () => {
      running += 1;
      most = Math.max(most, running);
      await hold.opened;
      running -= 1;
    });
    await messaging.consume(name, handler, { prefetch: 3 });
    const published = range(10).map(() => messaging.publish(message(exchange, 'k')));

    await waitFor(() => running === 3);
    hold.open();

    await Promise.all(published);
    await waitFor(() => deliveries.length === 10);
    expect(most).toBe(3);
  });

  test('consumers of a queue share its messages', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('shared'));
    const hold = gate();
    const [one, two] = [recorder(() => hold.opened), recorder(() => hold.opened)];
    await messaging.consume(name, one.handler, { prefetch: 2 });
    await messaging.consume(name, two.handler, { prefetch: 2 });
    const sent = range(8).map(() => message(exchange, 'k'));
    const published = sent.map((each) => messaging.publish(each));
    await waitFor(() => one.deliveries.length === 2 && two.deliveries.length === 2);
    hold.open();

    await Promise.all(published);
    const ids = () => [...one.deliveries, ...two.deliveries].map(({ id }) => id).sort();
    await waitFor(() => ids().length === 8);
    expect(ids()).toEqual(sent.map(({ id }) => id).sort());
  });

  test('a stopped consumer ends what it has and takes no more', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('stops'));
    const hold = gate();
    const first = recorder(() => hold.opened);
    const consumer = await messaging.consume(name, first.handler, { prefetch: 1 });
    const sent = [message(exchange, 'k'), message(exchange, 'k')];
    const published = sent.map((each) => messaging.publish(each));
    await waitFor(() => first.deliveries.length === 1);

    let stopped = false;
    const stopping = consumer.stop().then(() => (stopped = true));
    const second = recorder();
    await messaging.consume(name, second.handler, { prefetch: 1 });
    await waitFor(() => second.deliveries.length === 1);
    expect(stopped).toBe(false);
    hold.open();
    await stopping;
    await Promise.all(published);

    expect(first.deliveries.map(({ id }) => id)).toEqual([sent[0]!.id]);
    expect(second.deliveries.map(({ id }) => id)).toEqual([sent[1]!.id]);
    await consumer.stop();
  });

  test('a handler that outlasts the drain is told so, and its message comes again', async () => {
    const messaging = await open({ drainTimeoutMs: 50 });
    const { name, exchange } = await declareQueue(messaging, uniqueName('overtime'));
    const slow = recorder(
      ({ signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error)),
        ),
    );
    const consumer = await messaging.consume(name, slow.handler, { prefetch: 1 });
    const sent = message(exchange, 'k');
    const published = messaging.publish(sent);
    await waitFor(() => slow.deliveries.length === 1);

    await consumer.stop();

    expect(slow.deliveries[0]?.signal.aborted).toBe(true);
    const next = recorder();
    await messaging.consume(name, next.handler, { prefetch: 1 });
    await waitFor(() => next.deliveries.length === 1);
    expect(next.deliveries[0]).toMatchObject({ id: sent.id, attempt: 1 });
    await published;
    expect(await messaging.deadLetters(name, 10)).toEqual([]);
  });

  test('declaring twice changes nothing, and bindings add up', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('twice'), [10]);
    await declareQueue(messaging, name, [10]);
    const other = `${name}.other`;
    await messaging.declare({
      exchanges: [{ name: other, type: 'direct' }],
      queues: [{ name, bindings: [{ exchange: other, routingKey: 'k' }], retryDelaysMs: [10] }],
    });
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 1 });

    await messaging.publish(message(exchange, 'x', { mandatory: true }));
    await messaging.publish(message(other, 'k', { mandatory: true }));

    await waitFor(() => deliveries.length === 2);
  });

  test('what is declared otherwise than before is refused', async () => {
    const messaging = await open();
    const { name, exchange, bindings } = await declareQueue(messaging, uniqueName('other'), [10]);
    const mismatch = { code: 'topology-mismatch', retryable: false };

    const otherType = { exchanges: [{ name: exchange, type: 'direct' as const }], queues: [] };
    await expect(messaging.declare(otherType)).rejects.toMatchObject(mismatch);
    const otherDelays = { exchanges: [], queues: [{ name, bindings, retryDelaysMs: [20] }] };
    await expect(messaging.declare(otherDelays)).rejects.toMatchObject(mismatch);
  });

  test.each([
    ['a queue without a name', { name: '', bindings: [], retryDelaysMs: [] }],
    ["the broker's own names", { name: 'amq.x', bindings: [], retryDelaysMs: [] }],
    ['delays that shrink', { name: 'q', bindings: [], retryDelaysMs: [20, 10] }],
    ['a delay of 0', { name: 'q', bindings: [], retryDelaysMs: [0] }],
    ['a broken delay', { name: 'q', bindings: [], retryDelaysMs: [1.5] }],
    [
      'a binding to an unknown exchange',
      { name: 'q', bindings: [{ exchange: 'nowhere', routingKey: '' }], retryDelaysMs: [] },
    ],
  ])('%s cannot be declared', async (_what, queue) => {
    const messaging = await open();

    const declared = messaging.declare({ exchanges: [], queues: [queue] });

    await expect(declared).rejects.toMatchObject({ code: 'invalid-argument', retryable: false });
  });

  test('what was never declared is not used', async () => {
    const messaging = await open();
    const nobody = uniqueName('undeclared');

    await expect(messaging.publish(message(nobody, 'k'))).rejects.toMatchObject({
      code: 'unknown-exchange',
      retryable: true,
    });
    const unknown = { code: 'unknown-queue' };
    await expect(messaging.consume(nobody, async () => {}, { prefetch: 1 })).rejects.toMatchObject(
      unknown,
    );
    await expect(messaging.deadLetters(nobody, 1)).rejects.toMatchObject(unknown);
    await expect(messaging.redrive(nobody, 1)).rejects.toMatchObject(unknown);
  });

  test('numbers out of range are refused', async () => {
    const messaging = await open();
    const { name } = await declareQueue(messaging, uniqueName('numbers'));
    const invalid = { code: 'invalid-argument' };

    for (const bad of [0, -1, 1.5, Number.NaN, 65_536]) {
      const consumed = messaging.consume(name, async () => {}, { prefetch: bad });
      await expect(consumed).rejects.toMatchObject(invalid);
    }
    await expect(messaging.deadLetters(name, 0)).rejects.toMatchObject(invalid);
    await expect(messaging.redrive(name, Number.NaN)).rejects.toMatchObject(invalid);
  });

  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  test.each([
    ['no id', { id: '' }, 'invalid-message'],
    ['an id that AMQP cannot carry', { id: 'x'.repeat(256) }, 'invalid-message'],
    ['a routing key that AMQP cannot carry', { routingKey: 'é'.repeat(128) }, 'invalid-message'],
    ['a body that is undefined', { body: undefined }, 'invalid-message'],
    ['a body in a circle', { body: circular }, 'invalid-message'],
    ['a body with a bigint', { body: 1n }, 'invalid-message'],
    ['a header of ours', { headers: { 'wt-attempt': '9' } }, 'invalid-message'],
    ["a header of the broker's", { headers: { CC: 'other' } }, 'invalid-message'],
    ['a header that is no text', { headers: { n: 1 as unknown as string } }, 'invalid-message'],
    ['an invalid time', { occurredAt: new Date('never') }, 'invalid-message'],
    ['too many headers', { headers: { h: 'x'.repeat(40_000) } }, 'too-large'],
    ['too big a body', { body: 'x'.repeat(1_000) }, 'too-large'],
  ])('a message with %s is refused', async (_what, part, code) => {
    const messaging = await open({ maxMessageBytes: 1_000 });
    const { exchange } = await declareQueue(messaging, uniqueName('refused'));

    const published = messaging.publish(message(exchange, 'k', part));

    await expect(published).rejects.toMatchObject({ code, retryable: false });
  });

  test('a body of exactly the limit goes through', async () => {
    const messaging = await open({ maxMessageBytes: 1_000 });
    const { name, exchange } = await declareQueue(messaging, uniqueName('limit'));
    const { handler, deliveries } = recorder();
    await messaging.consume(name, handler, { prefetch: 1 });

    await messaging.publish(message(exchange, 'k', { body: 'x'.repeat(998) }));

    await waitFor(() => deliveries.length === 1);
  });

  test('what happens is counted', async () => {
    const metrics = recordedMetrics();
    const messaging = await open({ metrics });
    const { name, exchange } = await declareQueue(messaging, uniqueName('counted'), [10]);
    const fails = (body: unknown, attempt: number) =>
      body === 'dead' || (body === 'retried' && attempt === 1);
    const { handler } = recorder(({ body, attempt }) => {
      if (fails(body, attempt)) throw new Error('as told');
    });
    await messaging.consume(name, handler, { prefetch: 1 });
    expect(metrics.begun).toEqual([`exchange ${exchange}`, `queue ${name}`]);
    const count = (call: string) => metrics.calls.filter((each) => each === call).length;

    await messaging.publish(message(exchange, 'k', { body: 'fine' }));
    await waitFor(() => count('consumed acknowledged') === 1);
    await messaging.publish(message(exchange, 'k', { body: 'retried' }));
    await waitFor(() => count('consumed acknowledged') === 2);
    await Promise.allSettled([messaging.publish(message(exchange, 'k', { body: 'dead' }))]);
    await waitFor(() => count('consumed dead-lettered') === 1);

    expect(count('consumed retried')).toBe(2);
    expect(count('age')).toBe(3);
    expect(count('published confirmed')).toBeGreaterThanOrEqual(2);
    expect(count('redelivered')).toBe(0);
    expect(metrics.calls.filter((call) => call.startsWith('connected')).at(-1)).toBe(
      'connected true',
    );
    await messaging.close();
    expect(metrics.calls.at(-1)).toBe('connected false');
  });

  test('closing waits for the handlers, and then nothing goes through', async () => {
    const messaging = await open();
    const { name, exchange } = await declareQueue(messaging, uniqueName('closes'));
    const hold = gate();
    let ended = false;
    const { handler, deliveries } = recorder(async () => {
      await hold.opened;
      ended = true;
    });
    await messaging.consume(name, handler, { prefetch: 1 });
    const published = messaging.publish(message(exchange, 'k'));
    await waitFor(() => deliveries.length === 1);
    await messaging.ping();

    const closing = messaging.close();
    hold.open();
    await closing;

    expect(ended).toBe(true);
    await published;
    const closed = { code: 'closed', retryable: true };
    await expect(messaging.publish(message(exchange, 'k'))).rejects.toMatchObject(closed);
    await expect(messaging.ping()).rejects.toMatchObject(closed);
    await messaging.close();
  });
}

async function rejectAll(): Promise<void> {
  throw new PermanentError('not today');
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** RabbitMQ's words of a key: the empty key has none. */
function wordsOf(key: string): string[] {
  return key === '' ? [] : key.split('.');
}

/** The definition of AMQP 0-9-1, section 3.1.3.3: `*` is one word, `#` is none or more. */
function matches(pattern: readonly string[], words: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return words.length === 0;
  if (first === '#') {
    return matches(rest, words) || (words.length > 0 && matches(pattern, words.slice(1)));
  }
  const [word, ...others] = words;
  return word !== undefined && (first === '*' || first === word) && matches(rest, others);
}
