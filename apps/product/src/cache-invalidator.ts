import { PermanentError } from '@woodytoys/messaging';
import type { Handler } from '@woodytoys/messaging';
import type { ProductState } from './events.ts';
import type { ProductCache } from './products-cache.ts';

/**
 * Forgets a product that was written. The writer has done so already, unless it died between its
 * commit and that; the event outlives it.
 */
export function createCacheInvalidator(cached: Pick<ProductCache, 'forget'>): Handler {
  return async ({ id: messageId, routingKey, body }) => {
    const id = (body as Partial<ProductState> | null)?.id;
    if (!Number.isSafeInteger(id)) {
      throw new PermanentError(
        `${routingKey} ${messageId} has no integer "id"; it cannot be applied`,
      );
    }
    await cached.forget(id as number);
  };
}
