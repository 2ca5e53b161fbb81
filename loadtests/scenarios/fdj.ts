/**
 * FDJ's qualification of a gateway: users that come in stages, each asking as fast as it is answered,
 * over the six kinds of operation of a resource. What it tells is how rate and latency move with the
 * number of users; it is no claim about a rate.
 */
import { check } from 'k6';
import http, { type RefinedResponse } from 'k6/http';
import { measured } from './lib/measure.ts';
import { number, target, text } from './lib/settings.ts';
import { fdjStages } from './lib/stages.ts';

export { handleSummary } from './lib/summary.ts';

const stages = fdjStages({
  initial: number('INITIAL_USERS', 5),
  additional: number('ADDITIONAL_USERS', 5),
  additionalPerSecond: number('ADDITIONAL_USERS_PER_SEC', 5),
  stageSeconds: Number.parseFloat(text('STAGE_DURATION', '60s')),
  max: number('MAX_USERS', 20),
});

export const options = measured({
  scenarios: {
    users: { executor: 'ramping-vus', startVUs: 0, stages, gracefulRampDown: '30s' },
  },
  names: ['list', 'read', 'create', 'replace', 'delete', 'aggregate'],
  objectives: { 'http_req_failed{part:load}': ['rate<=0.001'], checks: ['rate>=0.999'] },
});

const JSON_BODY = { headers: { 'content-type': 'application/json' } };

/** One product from its making to its end: nothing is left of it. */
export default function user(): void {
  const list = http.get(`${target}/api/products?limit=20`, { tags: { name: 'list' } });
  expect('list: 20 products', list, 200, 'items.19.id');

  const made = http.post(`${target}/api/products`, product('made'), {
    ...JSON_BODY,
    tags: { name: 'create' },
  });
  expect('create: has id', made, 201, 'id');
  if (made.status !== 201) return;
  const path = `${target}/api/products/${String(made.json('id'))}`;

  const read = http.get(path, { tags: { name: 'read' } });
  expect('read: has price', read, 200, 'price');

  const put = http.put(path, product('changed'), { ...JSON_BODY, tags: { name: 'replace' } });
  expect('replace: has version', put, 200, 'version');

  const number = 1 + Math.floor(Math.random() * 1_000);
  const both = http.get(`${target}/api/${number}/${number}`, { tags: { name: 'aggregate' } });
  expect('aggregate: has both', both, 200, 'product.id');

  const deleted = http.del(path, null, { tags: { name: 'delete' } });
  check(deleted, { 'delete: 204': ({ status }) => status === 204 });
}

function product(description: string): string {
  return JSON.stringify({ name: 'FDJ', price: 9.99, description, category: 'figures' });
}

function expect(
  title: string,
  answer: RefinedResponse<'text'>,
  expected: number,
  field: string,
): void {
  check(answer, {
    [title]: (response) => response.status === expected && response.json(field) !== undefined,
  });
}
