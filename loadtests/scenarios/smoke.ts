/** Whether everything answers as it should: each of the main requests five times, one after the other. */
import { check } from 'k6';
import http, { type RefinedResponse } from 'k6/http';
import { measured } from './lib/measure.ts';
import { target } from './lib/settings.ts';

export { handleSummary } from './lib/summary.ts';

const READS = {
  aggregate: ['/api/1/1', 'product.id'],
  user: ['/api/users/1', 'id'],
  products: ['/api/products?limit=20', 'items.19.id'],
  product: ['/api/products/1', 'price'],
  stock: ['/api/stores/1/stock', 'items.0.productId'],
  analytics: ['/api/stores/1/analytics', 'store.id'],
  report: ['/api/reports/consolidated', 'totals.sales'],
  time: ['/api/misc/time', 'time'],
} as const;

export const options = measured({
  scenarios: {
    smoke: { executor: 'per-vu-iterations', vus: 1, iterations: 5, maxDuration: '60s' },
  },
  names: [...Object.keys(READS), 'order'],
  objectives: { 'http_req_failed{part:load}': ['rate==0'], checks: ['rate==1'] },
});

export default function smoke(): void {
  for (const [name, [path, field]] of Object.entries(READS)) {
    const answer = http.get(`${target}${path}`, { tags: { name } });
    check(answer, {
      [`${name}: 200`]: ({ status }) => status === 200,
      [`${name}: has ${field}`]: (response) => has(response, field),
    });
  }
  const order = http.post(`${target}/api/orders`, JSON.stringify({ product: 'Yoyo' }), {
    headers: { 'content-type': 'application/json' },
    tags: { name: 'order' },
  });
  check(order, {
    'order: 202': ({ status }) => status === 202,
    'order: has id': (response) => has(response, 'id'),
  });
}

function has(response: RefinedResponse<'text'>, field: string): boolean {
  return response.status < 300 && response.json(field) !== undefined;
}
