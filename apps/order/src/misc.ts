import { setTimeout as sleep } from 'node:timers/promises';
import type { Cache } from '@woodytoys/caching';
import type { Handlers } from '@woodytoys/service';
import type { components, operations } from './contract.ts';

export interface MiscDependencies {
  readonly cache: Cache;
  /** How long the heavy computation takes, in milliseconds. */
  readonly heavyMs: number;
}

type Heavy = components['schemas']['Heavy'];

/** Woodytoys' short computation, and its heavy one, which is worth a cache. */
export function createMisc({
  cache,
  heavyMs,
}: MiscDependencies): Pick<Handlers<operations>, 'getTime' | 'computeHeavy'> {
  const computed = cache.namespace<Heavy>('heavy', {
    ttlMs: 30_000,
    waitMs: heavyMs + 5_000,
  });

  return {
    getTime: async () => ({ status: 200, body: { time: new Date().toISOString() } }),

    computeHeavy: async ({ query: { name } }) => {
      const body = await computed.get(name, async () => {
        await sleep(heavyMs);
        return { time: new Date().toISOString(), name };
      });
      return { status: 200, body: body as Heavy };
    },
  };
}
