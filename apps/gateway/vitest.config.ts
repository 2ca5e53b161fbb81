import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../../vitest.shared.ts';

export default defineConfig({
  // The usual second is too short for real sockets on a busy machine.
  test: { ...projectTestOptions('gateway'), expect: { poll: { timeout: 20_000 } } },
});
