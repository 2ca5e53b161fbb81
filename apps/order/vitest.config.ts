import { defineConfig } from 'vitest/config';
import { projectTestOptions } from '../../vitest.shared.ts';

export default defineConfig({ test: projectTestOptions('order') });
