import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../../vitest.shared.ts';

// Every test starts the real thing, which brings its own database and needs no other server.
export default defineConfig({
  test: {
    ...projectTestOptions('standalone'),
    globalSetup: [],
    testTimeout: 180_000,
    sequence: { groupOrder: 1 },
  },
});
