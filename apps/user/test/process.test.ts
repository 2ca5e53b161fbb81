import { describeProcesses } from '@woodytoys/app-testing';
import { check } from './start.ts';

describeProcesses('user', {
  main: new URL('../src/main.ts', import.meta.url),
  check,
  answered: { path: '/users/1', body: { username: 'user_1' } },
});
