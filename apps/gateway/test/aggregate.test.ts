import { describe, expect, it } from 'vitest';
import { sendJson, startBackend, unusedPort } from './support/backend.ts';
import type { Answering } from './support/backend.ts';
import { problemOf, startGateway } from './support/gateway.ts';

const configuration = (user: string, product: string, timeout: string) => `
upstreams:
  user: { discover: '${user}' }
  product: { discover: '${product}' }
routes:
  - path: /api/{userId}/{productId}
    methods: [GET]
    timeout: ${timeout}
    parameters: { userId: id, productId: id }
    endpoint:
      aggregate:
        user: { upstream: user, path: '/users/{userId}' }
        product: { upstream: product, path: '/products/{productId}' }
`;

const answerUser: Answering = ({ url }, response) =>
  sendJson(response, 200, { id: Number(url.split('/').at(-1)), username: 'user_1' });
const answerProduct: Answering = (_request, response) =>
  sendJson(response, 200, { id: 2, price: '19.99' });
const answerMissing: Answering = (_request, response) => sendJson(response, 404, { status: 404 });
const answerBroken: Answering = (_request, response) => sendJson(response, 500, { status: 500 });
const answerNothing: Answering = () => {};

async function start(user: Answering | string, product: Answering | string, timeout = '300ms') {
  const [users, products] = await Promise.all(
    [user, product].map((answer) =>
      typeof answer === 'string' ? { url: answer, seen: [] } : startBackend(answer),
    ),
  );
  const gateway = await startGateway(
    configuration((users as { url: string }).url, (products as { url: string }).url, timeout),
  );
  return { gateway, users, products };
}

describe('the aggregate', () => {
  it('answers both parts, each asked under the same ids', async () => {
    const { gateway, users, products } = await start(answerUser, answerProduct);
    const response = await fetch(`${gateway.url}/api/1/2`, {
      headers: { 'if-none-match': '"x"', 'accept-encoding': 'gzip', 'x-request-id': 'r1' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-complete')).toBe('true');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      user: { id: 1, username: 'user_1' },
      product: { id: 2, price: '19.99' },
    });
    expect(users?.seen).toMatchObject([{ url: '/users/1', headers: { 'x-request-id': 'r1' } }]);
    expect(products?.seen).toMatchObject([
      { url: '/products/2', headers: { 'x-request-id': 'r1' } },
    ]);
    const [asked] = users?.seen ?? [];
    expect(asked?.headers['if-none-match']).toBeUndefined();
    expect(asked?.headers['accept-encoding']).toBeUndefined();
    expect(asked?.headers['traceparent']).toBe(products?.seen[0]?.headers['traceparent']);
  });

  it('asks both at once', async () => {
    // Each answers only when the other has been asked.
    const waiting: (() => void)[] = [];
    const together: Answering = (_request, response) => {
      waiting.push(() => sendJson(response, 200, {}));
      if (waiting.length === 2) for (const answer of waiting) answer();
    };
    const { gateway } = await start(together, together);
    const response = await fetch(`${gateway.url}/api/1/2`);
    expect(response.headers.get('x-complete')).toBe('true');
    await response.text();
  });

  it.each([
    ['broken', answerBroken],
    ['too slow', answerNothing],
    ['not JSON', ((_, response) => response.end('<html>')) as Answering],
    [
      'too large',
      ((_, response) => response.end(JSON.stringify('x'.repeat(1_100_000)))) as Answering,
    ],
  ])('answers the other part when one is %s', async (_, answer) => {
    const { gateway } = await start(answerUser, answer);
    const response = await fetch(`${gateway.url}/api/1/2`);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-complete')).toBe('false');
    expect(await response.json()).toEqual({
      user: { id: 1, username: 'user_1' },
      product: null,
      incomplete: ['product'],
    });
  });

  it('answers the other part when one cannot be reached', async () => {
    const { gateway } = await start(`http://127.0.0.1:${await unusedPort()}`, answerProduct);
    const response = await fetch(`${gateway.url}/api/1/2`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      user: null,
      product: { id: 2, price: '19.99' },
      incomplete: ['user'],
    });
  });

  it.each([
    ['the user is missing', answerMissing, answerProduct, 'user'],
    ['the product is missing', answerUser, answerMissing, 'product'],
    ['one is missing and the other is down', answerMissing, answerBroken, 'user'],
    ['one is missing and the other never answers', answerNothing, answerMissing, 'product'],
  ])('says 404 when %s', async (_, user, product, named) => {
    const { gateway } = await start(user, product);
    const response = await fetch(`${gateway.url}/api/1/2`);
    expect(response.status).toBe(404);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ type: 'urn:woodytoys:problem:WT-RESOURCE-NOT-FOUND' });
    expect(problem['detail']).toContain(named);
  });

  it('does not wait for the other part to say 404', async () => {
    const { gateway, users } = await start(answerNothing, answerMissing, '10m');
    const response = await fetch(`${gateway.url}/api/1/2`);
    expect(response.status).toBe(404);
    await response.text();
    expect(users?.seen).toHaveLength(1);
  });

  it('says 503 when both are down', async () => {
    const { gateway } = await start(answerBroken, answerNothing);
    const response = await fetch(`${gateway.url}/api/1/2`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await problemOf(response)).toMatchObject({ status: 503 });
  });

  it.each([
    '0',
    '-1',
    'abc',
    '1e3',
    '01',
    '1.0',
    '%201',
    '9223372036854775808',
    '9007199254740992',
  ])('says 400 with a pointer for the id %s', async (id) => {
    const { gateway, users } = await start(answerUser, answerProduct);
    const response = await fetch(`${gateway.url}/api/${id}/${id}`);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-PARAMETER-INVALID',
      errors: [{ pointer: '/path/userId' }, { pointer: '/path/productId' }],
    });
    expect(users?.seen).toEqual([]);
  });

  it('answers HEAD without a body, and with the length that GET has', async () => {
    const { gateway } = await start(answerUser, answerProduct);
    const whole = await fetch(`${gateway.url}/api/1/2`);
    const head = await fetch(`${gateway.url}/api/1/2`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(String((await whole.text()).length));
    expect(await head.text()).toBe('');
  });
});
