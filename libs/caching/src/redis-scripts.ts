import type { Redis } from 'ioredis';
import { leaseMs } from './second-level.ts';

/**
 * Each script is one atomic step of Redis. What they share:
 *
 * - `generation`: a random token of `tokenLength` characters a namespace. Every entry and every
 *   lease begins with the generation it was made in and counts in no other, so that clearing a
 *   namespace is to delete its generation, whatever it holds. Should Redis evict it, the namespace
 *   is cold, never wrong.
 * - a lease is `generation .. token`; `fill` stores only while the lease is still in its key and its
 *   generation is the present one. Invalidating deletes the lease with the entry, which is what
 *   keeps a load that began before from storing what it read.
 * - time is Redis's own (`PTTL`): the clocks of the replicas are not compared.
 */

/** Letters and digits of a generation or a token. */
export const tokenLength = 24;

/** A generation outlives its entries; unused ones (of a former Redis process) end after a day. */
const generationMs = 86_400_000;

/**
 * KEYS generation, entry, lock. ARGV token, staleMs.
 * Returns payload or nil, milliseconds left, lease or nil.
 */
const read = `
local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[1]
  redis.call('SET', KEYS[1], generation, 'PX', ${generationMs})
end
local payload, left = false, 0
local stored = redis.call('GET', KEYS[2])
if stored and string.sub(stored, 1, ${tokenLength}) == generation then
  payload = string.sub(stored, ${tokenLength} + 1)
  left = redis.call('PTTL', KEYS[2])
  if left > tonumber(ARGV[2]) or payload == '-' then
    return {payload, left, false}
  end
end
local lock = redis.call('GET', KEYS[3])
if lock and string.sub(lock, 1, ${tokenLength}) == generation then
  return {payload, left, false}
end
local lease = generation .. ARGV[1]
redis.call('SET', KEYS[3], lease, 'PX', ${leaseMs})
return {payload, left, lease}`;

/** KEYS generation, entry, lock. ARGV lease, payload, keepMs. Returns 1 when it was stored. */
const fill = `
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 0 end
local generation = redis.call('GET', KEYS[1])
if generation ~= string.sub(ARGV[1], 1, ${tokenLength}) then return 0 end
redis.call('DEL', KEYS[3])
local keep = tonumber(ARGV[3])
if keep > 0 then
  redis.call('SET', KEYS[2], generation .. ARGV[2], 'PX', keep)
else
  redis.call('DEL', KEYS[2])
end
redis.call('PEXPIRE', KEYS[1], math.max(${generationMs}, 2 * keep))
return 1`;

/** KEYS lock. ARGV lease. Returns 1 while it is held. */
const renew = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ${leaseMs})`;

/** KEYS lock. ARGV lease. */
const release = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`;

/** KEYS whatever is forgotten: entries and locks, or a generation. ARGV channel, message. */
const forget = `
redis.call('DEL', unpack(KEYS))
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1`;

export interface CacheScripts {
  cacheRead(
    generation: string,
    entry: string,
    lock: string,
    token: string,
    staleMs: number,
  ): Promise<[payload: string | null, leftMs: number, lease: string | null]>;
  cacheFill(
    generation: string,
    entry: string,
    lock: string,
    lease: string,
    payload: string,
    keepMs: number,
  ): Promise<0 | 1>;
  cacheRenew(lock: string, lease: string): Promise<0 | 1>;
  cacheRelease(lock: string, lease: string): Promise<1>;
  cacheForget(keyCount: number, ...keysChannelMessage: readonly string[]): Promise<1>;
}

export type ScriptedRedis = Redis & CacheScripts;

/** Adds the scripts to a client; they are sent once a connection, then called by their digest. */
export function defineScripts(client: Redis): ScriptedRedis {
  client.defineCommand('cacheRead', { numberOfKeys: 3, lua: read });
  client.defineCommand('cacheFill', { numberOfKeys: 3, lua: fill });
  client.defineCommand('cacheRenew', { numberOfKeys: 1, lua: renew });
  client.defineCommand('cacheRelease', { numberOfKeys: 1, lua: release });
  client.defineCommand('cacheForget', { lua: forget });
  return client as ScriptedRedis;
}
