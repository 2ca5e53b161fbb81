/**
 * DMM's test of a gateway: a slow and a fast endpoint at the same constant rate. The fast one must not
 * feel the slow one; what the slow one cannot take may be refused.
 */
import { check } from 'k6';
import http from 'k6/http';
import { measured } from './lib/measure.ts';
import { atRate } from './lib/rate.ts';
import { duration, rps, target, text } from './lib/settings.ts';

export { handleSummary } from './lib/summary.ts';

const rate = rps(1_500);
const time = duration('60s');
const urlOf = (place: string): string => (place.startsWith('/') ? `${target}${place}` : place);
const fast = urlOf(text('FAST', '/fast'));
const slow = urlOf(text('SLOW', '/slow'));

export const options = measured({
  scenarios: {
    fast: atRate('askFast', rate, time),
    slow: atRate('askSlow', rate, time),
  },
  names: ['fast', 'slow'],
  // The slow one may run out of users: they wait for it.
  objectives: {
    'http_req_failed{name:fast}': ['rate<=0.001'],
    'dropped_iterations{scenario:fast}': ['count==0'],
  },
});

export function askFast(): void {
  const answer = http.get(fast, { tags: { name: 'fast' } });
  check(answer, { 'fast: 200': ({ status }) => status === 200 });
}

export function askSlow(): void {
  const answer = http.get(slow, { tags: { name: 'slow' }, timeout: '60s' });
  check(answer, { 'slow: answered or refused': ({ status }) => status !== 0 });
}
