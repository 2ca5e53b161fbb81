import { beforeAll, describe } from 'vitest';
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
