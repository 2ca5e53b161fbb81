import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@woodytoys/database';
import { StandaloneError } from './failure.ts';

const pollMs = 50;
const patienceMs = 60_000;

/**
 * Resolves once logistics knows every product: it gets them by events, and a report made before
 * would lack names and prices.
 */
export async function catalogueCopied(product: Database, logistics: Database): Promise<void> {
  const [{ wanted = 0 } = {}] = await product.query<{ wanted: number }>(
    'SELECT count(*) AS wanted FROM products WHERE deleted_at IS NULL',
  );
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const [{ present = 0 } = {}] = await logistics.query<{ present: number }>(
      'SELECT count(*) AS present FROM product_copies WHERE NOT deleted',
    );
    if (present >= wanted) return;
    if (Date.now() > deadline) {
      throw new StandaloneError(
        `The logistics service knows ${present} of ${wanted} products after ${patienceMs / 1000} s. ` +
          'The log file says why; npm start -- --fresh begins anew.',
      );
    }
    await sleep(pollMs);
  }
}
