import { PermanentError, createBatcher } from '@woodytoys/messaging';
import type { Handler } from '@woodytoys/messaging';
import type { ProductState } from './events.ts';
import type { ProductCache } from './products-cache.ts';

/** How many products are forgotten together at most. */
export const invalidationBatch = 100;

/**
 * Forgets a product that was written. The writer has done so already, unless it died between its
 * commit and that; the event outlives it.
 */
export function createCacheInvalidator(cached: Pick<ProductCache, 'forget'>): Handler {
  const forget = createBatcher<number>((ids) => cached.forget(...ids), { max: invalidationBatch });
  return async ({ id: messageId, routingKey, body }) => {
    const id = (body as Partial<ProductState> | null)?.id;
    if (!Number.isSafeInteger(id)) {
      throw new PermanentError(
        `${routingKey} ${messageId} has no integer "id"; it cannot be applied`,
      );
    }
    await forget(id as number);
  };
}
