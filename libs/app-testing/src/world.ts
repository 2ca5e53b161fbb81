import { createMemoryCache, createRedisCache } from '@woodytoys/caching';
import type { Cache } from '@woodytoys/caching';
import { connectRabbit, createInProcessMessaging } from '@woodytoys/messaging';
import type { Messaging } from '@woodytoys/messaging';
import { createTestLogger, createTestVirtualHost, redisUrl, uniqueName } from '@woodytoys/testing';

/** The backing services that the replicas of an app share. */
export interface World {
  /** The cache and the broker as one more replica of `service` sees them. */
  connect(service: string): Promise<{ readonly cache: Cache; readonly messaging: Messaging }>;
  /** Closes everything that was connected. */
  close(): Promise<void>;
}

/** As under `npm start`: one cache and one broker in the process. */
export function createMemoryWorld(): World {
  const log = createTestLogger();
  const cache = createMemoryCache({ log });
  const messaging = createInProcessMessaging({ log });
  return {
    connect: () => Promise.resolve({ cache, messaging }),
    close: async () => {
      await messaging.close();
      await cache.close();
    },
  };
}

/** As in compose: Redis under a prefix of its own, RabbitMQ in a virtual host of its own. */
export async function createServerWorld(): Promise<World> {
  const virtualHost = await createTestVirtualHost();
  const prefix = uniqueName('test');
  const connections: { close(): Promise<void> }[] = [];
  return {
    connect: async (service) => {
      const log = createTestLogger();
      const cache = createRedisCache({ url: redisUrl(), prefix, service, log });
      connections.push(cache);
      const messaging = await connectRabbit({ url: virtualHost.url, service, log });
      connections.push(messaging);
      return { cache, messaging };
    },
    close: async () => {
      for (const connection of connections.reverse()) await connection.close();
      await virtualHost.drop();
    },
  };
}
