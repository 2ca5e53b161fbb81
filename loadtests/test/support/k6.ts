import { describe } from 'vitest';
import { findK6 } from '../../src/k6/find-k6.ts';

const found = await findK6().catch((error: Error) => error);

/** A `describe` for tests that run real loads; skipped, with the reason in its title, without k6. */
export function describeWithK6(title: string, tests: () => void): void {
  if (!(found instanceof Error)) return void describe(title, tests);
  describe.skip(`${title} (skipped: ${found.message})`, tests);
}
