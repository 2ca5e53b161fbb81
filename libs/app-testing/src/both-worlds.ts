import { describeWithRabbit, describeWithRedis } from '@woodytoys/testing';
import { describe } from 'vitest';
import { createMemoryWorld, createServerWorld } from './world.ts';
import type { World } from './world.ts';

/** The same tests in both worlds: all in one process, and over Redis and RabbitMQ. */
export function describeInBothWorlds(
  title: string,
  tests: (createWorld: () => Promise<World>) => void,
): void {
  describe(`${title}, in one process`, () => tests(async () => createMemoryWorld()));
  describeWithRedis(`${title}, with Redis`, () => {
    describeWithRabbit('and RabbitMQ', () => tests(createServerWorld));
  });
}
