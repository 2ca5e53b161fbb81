/** The seven calls of Woodytoys' page, RPS a second of each, so that the slow ones hinder no other. */
import { check } from 'k6';
import http from 'k6/http';
import { measured } from './lib/measure.ts';
import { atRate } from './lib/rate.ts';
import { duration, rps, target, text } from './lib/settings.ts';

export { handleSummary } from './lib/summary.ts';

const rate = rps(5);
const time = duration('60s');
const headers = { Host: text('HOST', 'woodytoys.localhost') };
/** The original takes 5 s for `heavy` and `do`, and 15 s for `last`. */
const SLOWEST_SECONDS = 20;

const CALLS = ['ping', 'now', 'heavy', 'add', 'last', 'order', 'status'];

export const options = measured({
  scenarios: Object.fromEntries(
    CALLS.map((call) => [call, atRate(call, rate, time, SLOWEST_SECONDS)]),
  ),
  names: CALLS,
  objectives: { 'http_req_failed{part:load}': ['rate<=0.001'], checks: ['rate>=0.999'] },
});

interface Placed {
  readonly orderId: string;
}

/** An order whose status can be asked for from the first second on. */
export function setup(): Placed {
  return { orderId: orderIn(ask('/api/orders/do?order=Yoyo', 'set-up', /^Your process \S+ has/)) };
}

export function ping(): void {
  ask('/api/ping', 'ping', /^ping$/);
}

export function now(): void {
  ask('/api/misc/time', 'now', /^misc: \S/);
}

export function heavy(): void {
  ask('/api/misc/heavy?name=Yoyo', 'heavy', /: Woody -Yoyo- Woody$/);
}

export function add(): void {
  ask('/api/products?product=Yoyo', 'add', /Yoyo/);
}

export function last(): void {
  ask('/api/products/last', 'last', /^db: .+ products \(last=.*\)$/);
}

export function order(): void {
  ask('/api/orders/do?order=Yoyo', 'order', /^Your process \S+ has been created with this product/);
}

export function status({ orderId }: Placed): void {
  ask(`/api/orders/?order_id=${orderId}`, 'status', new RegExp(`^order "${orderId}": `));
}

/** @returns the text of the answer. */
function ask(path: string, name: string, expected: RegExp): string {
  const answer = http.get(`${target}${path}`, { headers, tags: { name }, timeout: '60s' });
  const body = typeof answer.body === 'string' ? answer.body.trim() : '';
  check(answer, {
    [`${name}: 200`]: (response) => response.status === 200,
    [`${name}: as the original says it`]: () => expected.test(body),
  });
  return body;
}

function orderIn(text: string): string {
  return /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(text)?.[0] ?? 'none';
}
