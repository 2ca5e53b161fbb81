import type { TestProjectInlineConfiguration } from 'vitest/config';

/** What the tests of every project share; `name` is the project's own. */
export function projectTestOptions(
  name: string,
): NonNullable<TestProjectInlineConfiguration['test']> {
  return {
    name,
    include: ['test/**/*.test.ts'],
    globalSetup: new URL('./libs/testing/src/global-setup.ts', import.meta.url).pathname,
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  };
}
