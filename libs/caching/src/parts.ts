/**
 * What the cache is made of, for a cache with other rules of its own: what may be kept and for how
 * long is decided there, and who loads, who waits and who forgets is decided here.
 */
export { FirstLevel } from './first-level.ts';
export { Flights } from './flights.ts';
export type { Flight } from './flights.ts';
export { boundedKey } from './keys.ts';
export { keepLease, readOrWait } from './lease.ts';
export { MemoryLevel } from './memory-level.ts';
export { jittered } from './policy.ts';
export { defaultCommandTimeoutMs } from './redis-link.ts';
export { RedisLevel } from './redis-level.ts';
export { traceLevel } from './traced-level.ts';
export type { Drop, FillOutcome, Reading, SecondLevel } from './second-level.ts';
