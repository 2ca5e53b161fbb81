import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../../vitest.shared.ts';

// A base library needs no backing service.
export default defineConfig({ test: { ...projectTestOptions('tracing'), globalSetup: [] } });
