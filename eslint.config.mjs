import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** Which layer may import which; `nx graph` draws it. */
const layers = [
  { sourceTag: 'type:base', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'type:adapter', onlyDependOnLibsWithTags: ['type:base'] },
  { sourceTag: 'type:runtime', onlyDependOnLibsWithTags: ['type:base', 'type:adapter'] },
  {
    sourceTag: 'type:testing',
    onlyDependOnLibsWithTags: ['type:base', 'type:adapter', 'type:runtime', 'type:testing'],
  },
  {
    sourceTag: 'type:app',
    onlyDependOnLibsWithTags: ['type:base', 'type:adapter', 'type:runtime', 'type:testing'],
  },
  {
    sourceTag: 'type:composition',
    onlyDependOnLibsWithTags: [
      'type:app',
      'type:base',
      'type:adapter',
      'type:runtime',
      'type:testing',
    ],
  },
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['*'] },
];

export default tseslint.config(
  { ignores: ['**/dist', '**/out-tsc', '**/node_modules', '.nx', '.data', '**/src/contract.ts'] },
  ...tseslint.configs.recommended,
  {
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        { allow: [], banTransitiveDependencies: true, depConstraints: layers },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      'no-console': 'error',
    },
  },
  {
    // The one place where apps meet; Nx forbids importing applications, whatever their tags.
    files: ['apps/standalone/src/**'],
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: ['^@woodytoys/(gateway|user|product|logistics|console|order)/'],
          banTransitiveDependencies: true,
          depConstraints: layers,
        },
      ],
    },
  },
  {
    files: ['**/test/**', '**/vitest.*.ts', '**/eslint.config.mjs', 'docs/**'],
    rules: { '@nx/enforce-module-boundaries': 'off' },
  },
  { files: ['scripts/**', 'tools/**', 'infra/**', 'loadtests/**'], rules: { 'no-console': 'off' } },
  prettier,
);
