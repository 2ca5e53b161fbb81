import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../vitest.shared.ts';

// Real loads against small servers of the tests' own: no database, no broker.
export default defineConfig({
  test: { ...projectTestOptions('loadtests'), globalSetup: [] },
});
