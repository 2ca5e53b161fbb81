const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/**
 * The pause before try `attempt + 1`: doubling, bounded, and a random half of it, so that the
 * processes of a whole platform do not come back to a restarted broker in the same moment.
 *
 * @param attempt how many tries have failed; the first is 1
 */
export function backoffMs(attempt: number): number {
  const ceiling = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 16));
  return Math.round(ceiling / 2 + (Math.random() * ceiling) / 2);
}
