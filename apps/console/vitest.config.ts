import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../../vitest.shared.ts';

const include = ['test/**/*.test.ts', 'page/test/**/*.test.ts'];

// No backing service is needed.
export default defineConfig({
  test: { ...projectTestOptions('console'), globalSetup: [], include },
});
