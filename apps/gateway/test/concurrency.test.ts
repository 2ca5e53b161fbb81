import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange, EndListener } from '../src/exchange/exchange.ts';
import { Bulkhead } from '../src/filters/concurrency/bulkhead.ts';
import type { Entry } from '../src/filters/concurrency/bulkhead.ts';
import { startBackend, startRawBackend } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

/** A service that answers when it is told to. */
async function startHeldBackend() {
  const held: (() => void)[] = [];
  const backend = await startBackend((_request, response) => {
    held.push(() => response.end('{}'));
  });
  const arrived = (count: number) =>
    expect.poll(() => held.length, { timeout: 10_000 }).toBe(count);
  return { url: backend.url, backend, arrived, answer: () => held.shift()?.() };
}

const limited = (url: string, options: Record<string, unknown>) =>
  oneUpstream(url, { route: `incoming: [{ concurrency: ${JSON.stringify(options)} }]` });

describe('a limit on requests at once', () => {
  it('refuses the next at once, and says when to come back', async () => {
    const service = await startHeldBackend();
    const gateway = await startGateway(limited(service.url, { limit: 2, retryAfter: '3s' }));
    const gauge = () => gateway.metric('gateway_bulkhead_in_flight');
    const ask = () => fetch(`${gateway.url}/api/x`);
    const running = [ask(), ask()];
    await service.arrived(2);
    expect(await gauge()).toBe(2);
    const refused = await ask();
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('3');
    expect(await problemOf(refused)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-UNAVAILABLE',
    });
    service.answer();
    service.answer();
    for (const answer of await Promise.all(running)) {
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
    await expect.poll(gauge).toBe(0);
    const again = ask();
    await service.arrived(1);
    service.answer();
    expect((await again).status).toBe(200);
  });

  it('lets some wait in their order, and no longer than they may', async () => {
    const service = await startHeldBackend();
    const gateway = await startGateway(
      limited(service.url, { limit: 1, queue: 2, queueTimeout: '1s' }),
    );
    const waiting = () => gateway.metric('gateway_bulkhead_waiting');
    const ask = (name: string) => fetch(`${gateway.url}/api/${name}`);
    const first = ask('first');
    await service.arrived(1);
    const second = ask('second');
    await expect.poll(waiting).toBe(1);
    const third = ask('third');
    await expect.poll(waiting).toBe(2);
    expect((await ask('fourth')).status).toBe(503);
    service.answer();
    expect((await first).status).toBe(200);
    await service.arrived(1);
    // The second runs now, for longer than the third may wait.
    expect((await third).status).toBe(503);
    service.answer();
    expect((await second).status).toBe(200);
    expect(service.backend.seen.map(({ url }) => url)).toEqual(['/first', '/second']);
    const outcome = (name: string) =>
      gateway.metric('gateway_decisions_total', { decider: 'concurrency', outcome: name });
    expect(await outcome('entered')).toBe(1);
    expect(await outcome('waited')).toBe(1);
    expect(await outcome('refused')).toBe(1);
    expect(await outcome('late')).toBe(1);
  });

  it('gives a place back when its client goes, running or waiting', async () => {
    const service = await startHeldBackend();
    const gateway = await startGateway(
      limited(service.url, { limit: 1, queue: 5, queueTimeout: '30s' }),
    );
    const gauges = async () => [
      await gateway.metric('gateway_bulkhead_in_flight'),
      await gateway.metric('gateway_bulkhead_waiting'),
    ];
    const controllers = Array.from({ length: 3 }, () => new AbortController());
    const asking = controllers.map(async ({ signal }, index) => {
      await expect.poll(gauges).toEqual([index === 0 ? 0 : 1, Math.max(0, index - 1)]);
      return fetch(`${gateway.url}/api/x`, { signal }).catch(() => 'gone');
    });
    await expect.poll(gauges, { timeout: 10_000 }).toEqual([1, 2]);
    controllers[1]?.abort();
    await expect.poll(gauges, { timeout: 10_000 }).toEqual([1, 1]);
    controllers[0]?.abort();
    await expect.poll(gauges, { timeout: 10_000 }).toEqual([1, 0]);
    controllers[2]?.abort();
    await expect.poll(gauges, { timeout: 10_000 }).toEqual([0, 0]);
    expect(await Promise.all(asking)).toEqual(['gone', 'gone', 'gone']);
  });

  it('gives a place back when the service breaks in the middle of an answer', async () => {
    const backend = await startRawBackend((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('x');
      setTimeout(() => response.destroy(), 50);
    });
    const gateway = await startGateway(limited(backend.url, { limit: 1 }));
    for (let round = 0; round < 3; round += 1) {
      const response = await fetch(`${gateway.url}/api/x`);
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow();
      await expect.poll(() => gateway.metric('gateway_bulkhead_in_flight')).toBe(0);
    }
  });

  it('may be shared by routes, and is each route its own unless told', async () => {
    const service = await startHeldBackend();
    const route = (path: string, name: string) => `
  - path: ${path}
    methods: [GET]
    incoming: [{ concurrency: { limit: 1${name} } }]
    endpoint: { http: { upstream: a } }`;
    const gateway = await startGateway(`
upstreams: { a: { discover: '${service.url}' } }
routes:${route('/a', ', name: one')}${route('/b', ', name: one')}${route('/c', '')}`);
    const running = fetch(`${gateway.url}/a`);
    await service.arrived(1);
    expect((await fetch(`${gateway.url}/b`)).status).toBe(503);
    const own = fetch(`${gateway.url}/c`);
    await service.arrived(2);
    service.answer();
    service.answer();
    expect([(await running).status, (await own).status]).toEqual([200, 200]);
  });
});

describe('a bulkhead', () => {
  /** As much of an exchange as a bulkhead uses. */
  class Visitor {
    readonly #listeners: EndListener[] = [];
    timeLeft = (timeoutMs: number) => timeoutMs;
    onEnd = (listener: EndListener) => void this.#listeners.push(listener);
    end(): void {
      for (const listener of this.#listeners.splice(0)) listener(this as never, 200);
    }
  }

  it('never lets more than its limit run, keeps no place, and takes the longest waiting first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 4 }),
        // Come, or the one of that number goes.
        fc.array(fc.oneof(fc.constant('come' as const), fc.nat({ max: 15 })), { maxLength: 60 }),
        async (limit, queue, steps) => {
          const bulkhead = new Bulkhead({ limit, queue, queueTimeoutMs: 600_000 });
          const here: { visitor: Visitor; number: number; entry: Entry | undefined }[] = [];
          const entered: number[] = [];
          let number = 0;
          for (const step of steps) {
            if (step === 'come') {
              const visitor = new Visitor();
              const one = { visitor, number: (number += 1), entry: undefined as Entry | undefined };
              const entry = bulkhead.enter(visitor as unknown as Exchange);
              const settle = (how: Entry) => {
                one.entry = how;
                if (how === 'entered' || how === 'waited') entered.push(one.number);
              };
              if (typeof entry === 'string') settle(entry);
              else void entry.then(settle);
              if (entry !== 'refused') here.push(one);
            } else if (here.length > 0) {
              here.splice(step % here.length, 1)[0]?.visitor.end();
            }
            await Promise.resolve();
            const running = here.filter(({ entry }) => entry !== undefined).length;
            expect(bulkhead.inFlight).toBe(running);
            expect(bulkhead.waiting).toBe(here.length - running);
            expect(running).toBeLessThanOrEqual(limit);
            expect(bulkhead.waiting).toBeLessThanOrEqual(queue);
            // Nobody waits while there is a place.
            if (bulkhead.waiting > 0) expect(running).toBe(limit);
          }
          for (const { visitor } of here.splice(0)) visitor.end();
          await Promise.resolve();
          expect([bulkhead.inFlight, bulkhead.waiting]).toEqual([0, 0]);
          expect(entered).toEqual([...entered].sort((a, b) => a - b));
        },
      ),
      { numRuns: 300 },
    );
  });
});
