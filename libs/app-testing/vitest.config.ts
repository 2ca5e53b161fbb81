import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'app-testing', include: ['test/**/*.test.ts'], pool: 'forks' },
});
