/** A peak of orders: each is to be taken at once, and validated by a worker later. */
import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import { measured } from './lib/measure.ts';
import { atRate } from './lib/rate.ts';
import { duration, rps, target, text } from './lib/settings.ts';

export { handleSummary } from './lib/summary.ts';

/** Told apart from the orders of every other run. */
const PEAK = text('PEAK', `peak-${Date.now()}`);

export const options = measured({
  scenarios: { orders: atRate('placeOrder', rps(1_000), duration('10s')) },
  names: ['order'],
  objectives: {
    'http_req_duration{part:load}': ['p(99)<=300'],
    'http_req_failed{part:load}': ['rate==0'],
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
  },
});

/** POST: one order, whose product no other order has. */
export function placeOrder(): void {
  const product = `${PEAK} ${exec.scenario.iterationInTest}`;
  const answer = http.post(`${target}/api/orders`, JSON.stringify({ product }), {
    headers: { 'content-type': 'application/json' },
    tags: { name: 'order' },
  });
  check(answer, {
    'order: 202 and its place': ({ status, headers }) =>
      status === 202 && (headers['Location'] ?? '').startsWith('/api/orders/'),
  });
}
