import type { ProbeLoad } from '../../lab/lab.ts';
import { LabError } from '../../lab/failure.ts';
import { ask } from './ask.ts';

/** TP10's test. */
export const QUICK_CALLS = 30;
/** nginx's limit in this lab: so many a minute, and so many more at once. */
export const limit = { perMinute: 60, burst: 10 };

/** Asked from within the stack: another address, and therefore another client. */
const OTHER_CALLS = 5;
const OTHER_CLIENT = `
  let answered = 0;
  for (let call = 0; call < ${OTHER_CALLS}; call += 1) {
    const { status } = await fetch('http://nginx:8080/api/misc/time');
    if (status === 200) answered += 1;
  }
  console.log(answered);
`;

/** Quick calls of one client, then some of another. */
export function limitProbe(host: string): ProbeLoad {
  return {
    title: `${QUICK_CALLS} quick calls`,
    seconds: 5,
    async probe({ running: { target, stack }, signal }) {
      if (stack === undefined)
        throw new LabError('The limit per client is tried in compose alone.');
      // What brought the stack up has counted for this client too.
      await new Promise((later) => setTimeout(later, (limit.burst + 1) * 1000));
      const began = performance.now();
      let [passed, refused, withoutRetryAfter] = [0, 0, 0];
      for (let call = 0; call < QUICK_CALLS; call += 1) {
        const { status, headers } = await ask({
          origin: target,
          path: '/api/misc/time',
          host,
          signal,
        });
        if (status === 200) passed += 1;
        if (status === 429) refused += 1;
        if (status === 429 && headers['retry-after'] === undefined) withoutRetryAfter += 1;
      }
      const limitSeconds = (performance.now() - began) / 1000;
      const printed = await stack.exec(
        'console',
        ...['node', '--input-type=module', '-e', OTHER_CLIENT],
      );
      const otherRefused = OTHER_CALLS - Number(printed);
      return { values: { passed, refused, withoutRetryAfter, otherRefused, limitSeconds } };
    },
  };
}
