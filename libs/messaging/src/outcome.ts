import { isPermanent, reasonOf } from './errors.ts';

/** What becomes of a message whose handler has failed. */
export type Outcome =
  | { readonly kind: 'retry'; readonly delayMs: number; readonly reason: string }
  | { readonly kind: 'dead-letter'; readonly reason: string };

/**
 * Decides it, for both brokers.
 *
 * @param attempt the attempt that failed; the first is 1
 * @param retryDelaysMs the pauses before attempts 2, 3, …
 */
export function outcomeOf(
  error: unknown,
  attempt: number,
  retryDelaysMs: readonly number[],
): Outcome {
  const reason = reasonOf(error);
  const delayMs = isPermanent(error) ? undefined : retryDelaysMs[attempt - 1];
  return delayMs === undefined
    ? { kind: 'dead-letter', reason }
    : { kind: 'retry', delayMs, reason };
}
