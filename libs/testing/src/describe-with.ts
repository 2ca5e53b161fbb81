import { beforeAll, describe } from 'vitest';
import { findChromium } from './chromium.ts';
import { find } from './environment.ts';
import { rabbitReady, redisReady } from './servers/ready.ts';

/** A `describe` for tests that need Redis; skipped, with the reason in its title, without one. */
export function describeWithRedis(title: string, tests: () => void): void {
  const url = find('redisUrl');
  if (url) return describeReady(title, () => redisReady(url), tests);
  const advice = 'set WT_TEST_REDIS_URL, or install Docker or redis-server';
  describe.skip(`${title} (skipped: no Redis: ${reason('redisMissing')}; ${advice})`, tests);
}

/** A `describe` for tests that need RabbitMQ; skipped, with the reason in its title, without one. */
export function describeWithRabbit(title: string, tests: () => void): void {
  const url = find('amqpUrl');
  if (url) return describeReady(title, () => rabbitReady(url), tests);
  const advice = 'set WT_TEST_AMQP_URL, or install Docker or rabbitmq-server';
  describe.skip(`${title} (skipped: no RabbitMQ: ${reason('amqpMissing')}; ${advice})`, tests);
}

/** A `describe` for tests that drive a browser; skipped, with the reason in its title, without one. */
export function describeWithChromium(title: string, tests: (binary: string) => void): void {
  const binary = findChromium();
  if (binary) return void describe(title, () => tests(binary));
  const advice = 'install chromium, or name its binary in WT_TEST_CHROMIUM';
  describe.skip(`${title} (skipped: no Chromium is on the PATH; ${advice})`, () => tests(''));
}

function reason(variable: 'redisMissing' | 'amqpMissing'): string {
  return find(variable) ?? 'none was started';
}

/** RabbitMQ needs many seconds to start, and did so while other tests ran. */
function describeReady(title: string, ready: () => Promise<void>, tests: () => void): void {
  describe(title, () => {
    beforeAll(ready, 150_000);
    tests();
  });
}
