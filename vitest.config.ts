import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['libs/*', 'apps/*', 'infra', 'loadtests', 'tools'],
    maxWorkers: 2,
  },
});
