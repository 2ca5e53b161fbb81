import { describeProcesses } from '@woodytoys/app-testing';
import { check } from './start.ts';

describeProcesses('product', {
  main: new URL('../src/main.ts', import.meta.url),
  check,
  answered: { path: '/products/1', body: { price: 19.99 } },
});
