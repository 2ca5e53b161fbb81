export type * from './types.ts';
export { createMemoryCache } from './memory-cache.ts';
export type { MemoryCacheOptions } from './memory-cache.ts';
export { createNoCache } from './no-cache.ts';
export type { NoCacheOptions } from './no-cache.ts';
export { createRedisCache } from './redis-cache.ts';
export type { RedisCacheOptions } from './redis-cache.ts';
