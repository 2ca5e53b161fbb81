import type { SharedRedis } from '../../plugin.ts';
import { createScript } from '../../connections/redis-script.ts';
import { DIED } from './states.ts';
import type { Begun, KeyStates } from './states.ts';

/*
 * A key is one hash: s(tate) `running`, `done` or `unknown`; f(ingerprint); t(oken); u(ntil), the end
 * of the lease in milliseconds of Redis's clock; n, how many runs there were; a, the kept answer or
 * the reason.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/** KEYS key. ARGV fingerprint, token, leaseMs, ttlMs, rerun, why a lease ran out. */
const BEGIN = `${NOW}
local known = redis.call('HMGET', KEYS[1], 's', 'f', 'u', 'n', 'a')
local state = known[1]
if state and known[2] ~= ARGV[1] then return {'reused'} end
if state == 'done' then return {'done', known[5]} end
if state == 'running' and tonumber(known[3]) > now then return {'running'} end
if state and ARGV[5] == '0' then
  if state == 'running' then
    redis.call('HSET', KEYS[1], 's', 'unknown', 'a', ARGV[6])
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    return {'unknown', ARGV[6]}
  end
  return {'unknown', known[5]}
end
local attempt = (tonumber(known[4]) or 0) + 1
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 's', 'running', 'f', ARGV[1], 't', ARGV[2],
  'u', now + ARGV[3], 'n', attempt)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {'begun', attempt}`;

/** KEYS key. ARGV token, leaseMs, ttlMs. */
const RENEW = `${NOW}
local known = redis.call('HMGET', KEYS[1], 's', 't')
if known[1] ~= 'running' or known[2] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'u', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

/** KEYS key. ARGV token, kind of ending, answer or reason, ttlMs. */
const END = `
local known = redis.call('HMGET', KEYS[1], 's', 't')
if known[1] == 'done' or known[2] ~= ARGV[1] then return 0 end
if ARGV[2] == 'free' then
  redis.call('DEL', KEYS[1])
else
  redis.call('HSET', KEYS[1], 's', ARGV[2], 'a', ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return 1`;

/** Keys that all replicas of the gateway know. A step rejects when Redis fails. */
export function createRedisStates(redis: SharedRedis, prefix: string): KeyStates {
  const begin = createScript(redis, BEGIN);
  const renew = createScript(redis, RENEW);
  const end = createScript(redis, END);
  return {
    async begin(key, { fingerprint, token, leaseMs, ttlMs, rerun }) {
      const args = [fingerprint, token, String(leaseMs), String(ttlMs), rerun ? '1' : '0', DIED];
      const [state, detail] = (await begin([prefix + key], args)) as [Begun['state'], unknown];
      if (state === 'begun') return { state, attempt: Number(detail) };
      if (state === 'done') return { state, answer: String(detail) };
      if (state === 'unknown') return { state, reason: String(detail) };
      return { state };
    },
    async renew(key, token, leaseMs, ttlMs) {
      return (await renew([prefix + key], [token, String(leaseMs), String(ttlMs)])) === 1;
    },
    async end(key, token, ending, ttlMs) {
      const detail =
        ending.kind === 'done' ? ending.answer : ending.kind === 'unknown' ? ending.reason : '';
      return (await end([prefix + key], [token, ending.kind, detail, String(ttlMs)])) === 1;
    },
  };
}
