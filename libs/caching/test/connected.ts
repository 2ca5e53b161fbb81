import { waitFor } from '@woodytoys/testing';
import type { Cache } from '../src/index.ts';

/** The cache, once its second level answers. */
export async function connected(cache: Cache): Promise<Cache> {
  await waitFor(() => cache.healthy());
  return cache;
}

/**
 * For tests of what holds while Redis answers: on a busy machine it may take its time, and a replica
 * that goes on without it loads by itself.
 */
export const patiently = { commandTimeoutMs: 10_000 } as const;
