import { describeProcesses } from '@woodytoys/app-testing';
import { check } from './start.ts';

describeProcesses('logistics', {
  main: new URL('../src/main.ts', import.meta.url),
  check,
  answered: { path: '/stores/1', body: { name: 'Woodytoys Namur' } },
});
