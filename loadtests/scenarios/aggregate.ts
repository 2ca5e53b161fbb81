/**
 * A user and a product on one page, asked by so many clients without a pause (VUS), or at a rate (RPS).
 */
import { check } from 'k6';
import http from 'k6/http';
import { atRate } from './lib/rate.ts';
import { measured } from './lib/measure.ts';
import { duration, number, target } from './lib/settings.ts';

export { handleSummary } from './lib/summary.ts';

const rate = number('RPS', 0);
/** Of the seed data; one page alone would be a test of the services' cache. */
const [USERS, PRODUCTS] = [1_000, 1_000];

export const options = measured({
  scenarios: {
    aggregate:
      rate > 0
        ? atRate('page', rate, duration('30s'))
        : {
            executor: 'constant-vus',
            exec: 'page',
            vus: number('VUS', 10),
            duration: duration('30s'),
          },
  },
  names: ['page'],
  objectives: { 'http_req_failed{part:load}': ['rate==0'], checks: ['rate==1'] },
});

export function page(): void {
  const [user, product] = [one(USERS), one(PRODUCTS)];
  const answer = http.get(`${target}/api/${user}/${product}`, { tags: { name: 'page' } });
  check(answer, {
    'has user and product': ({ body }) => {
      const parts = typeof body === 'string' ? body : '';
      return parts.includes(`user_${user}@`) && parts.includes(`Product_${product}"`);
    },
  });
}

const one = (of: number) => 1 + Math.floor(Math.random() * of);
