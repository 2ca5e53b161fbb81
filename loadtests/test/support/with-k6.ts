import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';

/** A `describe` for tests that run k6; skipped, with the reason in its title, without it. */
export function describeWithK6(title: string, tests: () => void): void {
  const { status, stdout } = spawnSync('k6', ['version'], { encoding: 'utf8' });
  if (status === 0 && stdout.startsWith('k6 v1.')) return void describe(title, tests);
  describe.skip(`${title} (skipped: no k6 1.x is on the PATH; install it)`, tests);
}
