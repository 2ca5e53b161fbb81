import { describeProcesses } from '@woodytoys/app-testing';
import { check } from './start.ts';

describeProcesses('order', {
  main: new URL('../src/main.ts', import.meta.url),
  check,
  answered: { path: '/misc/heavy?name=x', body: { name: 'x' } },
  seeds: false,
});
