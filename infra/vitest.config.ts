import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../vitest.shared.ts';

// The compose stack brings its own servers, and fills a small machine: it runs after all others.
export default defineConfig({
  test: { ...projectTestOptions('infra'), globalSetup: [], sequence: { groupOrder: 2 } },
});
