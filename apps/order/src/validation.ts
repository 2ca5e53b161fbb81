import { setTimeout as sleep } from 'node:timers/promises';

/** What becomes of an order. */
export type Decision =
  { readonly status: 'validated' } | { readonly status: 'refused'; readonly reason: string };

/** Decides on an order. Rejects when `signal` aborts. */
export type Validate = (product: string, signal: AbortSignal) => Promise<Decision>;

/** @param workMs how long it takes, as the heavy validation of Woodytoys does. */
export function createValidation(workMs: number): Validate {
  return async (product, signal) => {
    if (workMs > 0) await sleep(workMs, undefined, { signal });
    if (/[\p{L}\p{N}]/u.test(product)) return { status: 'validated' };
    return {
      status: 'refused',
      reason: 'The product has neither a letter nor a digit in its name.',
    };
  };
}
