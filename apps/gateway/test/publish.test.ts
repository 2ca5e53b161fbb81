import { setTimeout as sleep } from 'node:timers/promises';
import { connectRabbit, createInProcessMessaging } from '@woodytoys/messaging';
import type { Delivery, Messaging } from '@woodytoys/messaging';
import {
  createTestLogger,
  createTestVirtualHost,
  describeWithRabbit,
  startOwnRabbit,
} from '@woodytoys/testing';
import type { RestartableServer } from '@woodytoys/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPublisher } from '../src/connections/publisher.ts';
import type { MessagePublisher } from '../src/connections/publisher.ts';
import { unusedPort } from './support/backend.ts';
import { problemOf, startGateway } from './support/gateway.ts';

const EXCHANGE = 'gateway.test';

const configuration = (options = '', route = '') => `
upstreams: {}
routes:
  - path: /shops/{shop}/sales
    methods: [POST]
    ${route}
    endpoint:
      publish:
        exchange: ${EXCHANGE}
        routingKey: 'sale.{path.shop}'
        headers: { x-tenant: '{headers.x-tenant?}' }
        location: '/sales/{message.id}?shop={path.shop}'
        ${options}
`;

const connect = async (url: string): Promise<Messaging> => {
  const log = createTestLogger();
  const messaging = await connectRabbit({ url, service: 'gateway-test', log });
  onTestFinished(() => messaging.close());
  return messaging;
};

/** What a queue bound to all of the exchange gets. */
async function consume(messaging: Messaging): Promise<readonly Delivery[]> {
  const deliveries: Delivery[] = [];
  await messaging.declare({
    exchanges: [{ name: EXCHANGE, type: 'topic' }],
    queues: [
      {
        name: `${EXCHANGE}.queue`,
        bindings: [{ exchange: EXCHANGE, routingKey: '#' }],
        retryDelaysMs: [],
      },
    ],
  });
  const handler = async (delivery: Delivery) => void deliveries.push(delivery);
  await messaging.consume(`${EXCHANGE}.queue`, handler, { prefetch: 10 });
  return deliveries;
}

async function start(publisher: MessagePublisher, options = '', route = '') {
  const gateway = await startGateway(configuration(options, route), { publisher });
  const send = (body: string, headers: Record<string, string> = {}, shop = '7') =>
    fetch(`${gateway.url}/shops/${shop}/sales`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
  return { gateway, send };
}

describeWithRabbit('publishing to RabbitMQ', () => {
  let url = '';
  let drop = async () => {};
  beforeAll(async () => {
    ({ url, drop } = await createTestVirtualHost());
  });
  afterAll(() => drop());

  it('answers 202 when the message is safe, which a consumer then gets whole', async () => {
    const messaging = await connect(url);
    const { send, gateway } = await start(messaging);
    const deliveries = await consume(messaging);
    const response = await send('{"lines":[{"quantity":2}],"note":"é"}', {
      'x-tenant': 't1',
      'x-request-id': 'r1',
    });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    expect(response.headers.get('location')).toBe(`/sales/${id}?shop=7`);
    await expect.poll(() => deliveries.length).toBe(1);
    const [delivery] = deliveries;
    expect(delivery).toMatchObject({
      id,
      routingKey: 'sale.7',
      body: { lines: [{ quantity: 2 }], note: 'é' },
      headers: { 'x-request-id': 'r1', 'x-tenant': 't1' },
    });
    expect(delivery?.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    const decided = { decider: 'publish', outcome: 'confirmed' };
    expect(await gateway.metric('gateway_decisions_total', decided)).toBe(1);
  });

  it('gives a message the same id for the same Idempotency-Key, and another for another', async () => {
    const messaging = await connect(url);
    const { send } = await start(messaging);
    await consume(messaging);
    const ids: string[] = [];
    for (const [key, shop] of [
      ['"k1"', '7'],
      ['k1', '7'],
      ['k2', '7'],
    ] as const) {
      const response = await send('{}', { 'idempotency-key': key }, shop);
      ids.push(((await response.json()) as { id: string }).id);
    }
    expect(ids[0]).toBe(ids[1]);
    expect(ids[2]).not.toBe(ids[0]);
    expect((await send('{}', { 'idempotency-key': 'é'.repeat(3) })).status).toBe(400);
  });

  it('answers 503 when no queue takes the message, unless it may be lost', async () => {
    const own = await createTestVirtualHost();
    onTestFinished(() => own.drop());
    const messaging = await connect(own.url);
    const strict = await start(messaging);
    const response = await strict.send('{}');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    const lax = await start(messaging, 'mandatory: false');
    expect((await lax.send('{}')).status).toBe(202);
  });

  it.each([
    ['no JSON', '{', {}, '7', 400],
    ['nothing', '', {}, '7', 400],
    ['another type', '{}', { 'content-type': 'text/plain' }, '7', 415],
    ['a packed body', '{}', { 'content-encoding': 'gzip' }, '7', 415],
    ['a key that is no key', '{"__proto__":1}', {}, '7', 422],
    ['too much', JSON.stringify('x'.repeat(200_000)), {}, '7', 413],
    ['a routing key of another word', '{}', {}, 'a.b', 400],
    ['a routing key that is too long', '{}', {}, 'x'.repeat(300), 400],
  ])('refuses %s, and publishes nothing', async (_, body, headers, shop, status) => {
    const messaging = await connect(url);
    const { send } = await start(messaging);
    const deliveries = await consume(messaging);
    const response = await send(body, headers, shop);
    expect(response.status).toBe(status);
    await problemOf(response);
    expect((await send('"last"')).status).toBe(202);
    await expect.poll(() => deliveries.map(({ body: got }) => got)).toEqual(['last']);
  });

  it('takes any text when the route says so', async () => {
    const messaging = await connect(url);
    const { send } = await start(messaging, 'content: text');
    const deliveries = await consume(messaging);
    expect((await send('<sale/>', { 'content-type': 'text/xml' })).status).toBe(202);
    await expect.poll(() => deliveries.map(({ body }) => body)).toEqual(['<sale/>']);
  });
});

describeWithRabbit('publishing while the broker is away', () => {
  let broker: RestartableServer;
  beforeAll(async () => {
    broker = await startOwnRabbit();
  }, 180_000);
  afterAll(() => broker.close());

  it(
    'says of a frozen broker that the fate of the message is unknown',
    { timeout: 120_000 },
    async () => {
      const messaging = await connect(broker.url);
      const { send } = await start(messaging, '', 'timeout: 1s');
      const deliveries = await consume(messaging);
      expect((await send('1')).status).toBe(202);
      await broker.pause();
      const response = await send('2', { 'idempotency-key': 'two' });
      await broker.resume();
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
      expect((await problemOf(response))['detail']).toContain('unknown');
      // It did arrive; sent again under its key, it has the same id.
      const again = await send('2', { 'idempotency-key': 'two' });
      expect(again.status).toBe(202);
      const { id } = (await again.json()) as { id: string };
      await expect.poll(() => deliveries.length).toBeGreaterThanOrEqual(2);
      const second = deliveries.filter(({ body }) => body === 2);
      expect(new Set(second.map((delivery) => delivery.id))).toEqual(new Set([id]));
    },
  );

  it(
    'says of a killed broker that nothing was taken, and goes on when it is back; none is lost',
    { timeout: 240_000 },
    async () => {
      const messaging = await connect(broker.url);
      const { send } = await start(messaging, '', 'timeout: 1s');
      const deliveries = await consume(messaging);
      // A new queue is on the broker's disk only a moment after its confirm.
      await sleep(2_500);
      const confirmed: number[] = [];
      const publish = async (number: number) => {
        const response = await send(JSON.stringify(number));
        if (response.status === 202) confirmed.push(number);
        else expect(response.status).toBe(503);
        return (await response.json()) as { detail?: string };
      };
      for (let number = 100; number < 150; number += 1) await publish(number);
      await broker.stop();
      await sleep(200);
      expect((await publish(150)).detail).toContain('not taken');
      await broker.start();
      for (let number = 200; confirmed.at(-1) !== number - 1; number += 1) {
        await publish(number);
        await sleep(100);
      }
      const received = () => new Set(deliveries.map(({ body }) => body as number));
      await expect
        .poll(() => confirmed.every((number) => received().has(number)), { timeout: 60_000 })
        .toBe(true);
      expect(received().has(150)).toBe(false);
    },
  );

  it(
    'is ready and answers 503 before the first connection, and 202 after it',
    { timeout: 60_000 },
    async () => {
      const port = await unusedPort();
      let url = `amqp://guest:guest@127.0.0.1:${port}`;
      const log = createTestLogger();
      const publisher = createPublisher(
        () => connectRabbit({ url, service: 'gateway-test', log, connectTimeoutMs: 500 }),
        log,
      );
      onTestFinished(() => publisher.close());
      const { send, gateway } = await start(publisher, 'mandatory: false');
      await gateway.gateway.ready();
      const response = await send('{}');
      expect(response.status).toBe(503);
      expect((await problemOf(response))['detail']).toContain('not taken');
      url = broker.url;
      await expect.poll(async () => (await send('{}')).status).toBe(202);
    },
  );
});

describe('publishing in this process', () => {
  it('answers 202 as with a broker', async () => {
    const messaging = createInProcessMessaging({ log: createTestLogger() });
    onTestFinished(() => messaging.close());
    const { send } = await start(messaging);
    const deliveries = await consume(messaging);
    expect((await send('{"a":1}')).status).toBe(202);
    expect(deliveries).toMatchObject([{ routingKey: 'sale.7', body: { a: 1 } }]);
  });

  it('answers 503 when a consumer is not done in time', async () => {
    const messaging = createInProcessMessaging({ log: createTestLogger(), drainTimeoutMs: 100 });
    onTestFinished(() => messaging.close());
    const { send } = await start(messaging, '', 'timeout: 200ms');
    await consume(messaging);
    await messaging.declare({
      exchanges: [],
      queues: [
        {
          name: 'slow',
          bindings: [{ exchange: EXCHANGE, routingKey: '#' }],
          retryDelaysMs: [],
        },
      ],
    });
    await messaging.consume('slow', () => new Promise(() => {}), { prefetch: 1 });
    const response = await send('{}');
    expect(response.status).toBe(503);
    expect((await problemOf(response))['detail']).toContain('unknown');
  });

  it('answers 503 without any broker', async () => {
    const gateway = await startGateway(configuration());
    const response = await fetch(`${gateway.url}/shops/1/sales`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(503);
    await problemOf(response);
  });

  it.each([
    ["routingKey: 'x'\n        headers: { wt-attempt: '1' }", 'wt-attempt'],
    ['content: json\n        type: headers', 'type'],
  ])('is a mistake with %s', async (options, named) => {
    const messaging = createInProcessMessaging({ log: createTestLogger() });
    onTestFinished(() => messaging.close());
    const yaml = configuration(options)
      .replace(/^ *routingKey: 'sale.*\n/m, '')
      .replace(/^ *headers: \{ x-tenant.*\n/m, '');
    await expect(startGateway(yaml, { publisher: messaging })).rejects.toThrow(named);
  });

  it('is a mistake with a routing key that may be left out, or of a message that has no such part', async () => {
    for (const [from, to] of [
      ['sale.{path.shop}', 'sale.{query.a?}'],
      ['{message.id}', '{message.name}'],
    ] as const) {
      await expect(startGateway(configuration().replace(from, to))).rejects.toThrow(to.slice(-8));
    }
  });
});
