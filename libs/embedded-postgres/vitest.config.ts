import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../../vitest.shared.ts';

// The global setup is made of this library, so its tests do without.
export default defineConfig({
  test: { ...projectTestOptions('embedded-postgres'), globalSetup: [] },
});
