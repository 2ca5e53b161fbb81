import { waitFor } from '@woodytoys/testing';
import type { Cache } from '../src/index.ts';

/** The cache, once its second level answers. */
export async function connected(cache: Cache): Promise<Cache> {
  await waitFor(() => cache.healthy());
  return cache;
}
