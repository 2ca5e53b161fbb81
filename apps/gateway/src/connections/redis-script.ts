import { createHash } from 'node:crypto';
import type { SharedRedis } from '../plugin.ts';

/** An atomic step of Redis in Lua, sent once and then called by its digest. */
export type RedisScript = (keys: readonly string[], args: readonly string[]) => Promise<unknown>;

/** @throws whatever `redis.call` throws, as a rejection of what is returned. */
export function createScript(redis: SharedRedis, lua: string): RedisScript {
  const digest = createHash('sha1').update(lua).digest('hex');
  return async (keys, args) => {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await redis.call('EVALSHA', digest, ...rest);
    } catch (error) {
      // A Redis that was started anew has forgotten it.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return redis.call('EVAL', lua, ...rest);
    }
  };
}
