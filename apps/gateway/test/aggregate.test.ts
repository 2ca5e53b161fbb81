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
      typeof answer === 'string'
        ? { url: answer, seen: [], sockets: new Set() }
        : startBackend(answer),
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
    // The other request is ended, not left to its time-out.
    await expect.poll(() => users?.sockets.size).toBe(0);
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

  it('counts what it decided', async () => {
    const { gateway } = await start(answerUser, answerBroken);
    await (await fetch(`${gateway.url}/api/1/2`)).text();
    const decided = { decider: 'aggregate', outcome: 'partial' };
    expect(await gateway.metric('gateway_decisions_total', decided)).toBe(1);
  });
});

/** An aggregate of `user` and `product` with further options of the parts, and of the whole. */
async function startWith(
  user: Answering,
  product: Answering,
  { userPart = '', productPart = '', whole = '', route = '' },
) {
  const users = await startBackend(user);
  const products = await startBackend(product);
  const gateway = await startGateway(`
upstreams:
  user: { discover: '${users.url}' }
  product: { discover: '${products.url}' }
routes:
  - path: /api/{userId}/{productId}
    methods: [GET]
    ${route}
    endpoint:
      aggregate:
        ${whole}
        user: { upstream: user, path: '/users/{userId}'${userPart} }
        product: { upstream: product, path: '/products/{productId}'${productPart} }
`);
  return { gateway, users, products, ask: (query = '') => fetch(`${gateway.url}/api/1/2${query}`) };
}

describe('a part', () => {
  it('that is down gives its fallback, and is named as incomplete', async () => {
    const productPart = ', fallback: { id: 0, price: null }';
    const { ask } = await startWith(answerUser, answerBroken, { productPart });
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('x-complete')).toBe('false');
    expect(await response.json()).toEqual({
      user: { id: 1, username: 'user_1' },
      product: { id: 0, price: null },
      incomplete: ['product'],
    });
  });

  it('with a fallback answers even when every part is down', async () => {
    const { ask } = await startWith(answerBroken, answerBroken, { productPart: ', fallback: []' });
    expect(await (await ask()).json()).toEqual({
      user: null,
      product: [],
      incomplete: ['user', 'product'],
    });
  });

  it('with a fallback is still missing when its service says so', async () => {
    const { ask } = await startWith(answerUser, answerMissing, { productPart: ', fallback: {}' });
    expect((await ask()).status).toBe(404);
  });

  it('has a timeout of its own, and the answer waits no longer for it', async () => {
    const { ask, products } = await startWith(answerUser, answerNothing, {
      productPart: ', timeout: 200ms',
      route: 'timeout: 10m',
    });
    const response = await ask();
    expect(await response.json()).toMatchObject({ product: null, incomplete: ['product'] });
    await expect.poll(() => products.sockets.size).toBe(0);
  });

  it.each([
    ['breaks', answerBroken, 502],
    ['says 503', ((_, response) => sendJson(response, 503, {})) as Answering, 503],
    ['is too slow', answerNothing, 504],
    ['is not JSON', ((_, response) => response.end('<html>')) as Answering, 502],
    [
      'is too large',
      ((_, response) => response.end(JSON.stringify('x'.repeat(1_100_000)))) as Answering,
      502,
    ],
  ])('that is required decides the whole when it %s', async (_, product, status) => {
    const { ask, users } = await startWith(answerNothing, product, {
      productPart: ', required: true, timeout: 1s',
      route: 'timeout: 10m',
    });
    const response = await ask();
    expect(response.status).toBe(status);
    await problemOf(response);
    await expect.poll(() => users.sockets.size).toBe(0);
  });

  it('is asked with the query that its options make of the request', async () => {
    const { ask, users, products } = await startWith(answerUser, answerProduct, {
      userPart:
        ", query: { fields: 'name', like: '{path.productId}&x=1', limit: '{query.limit?}' }",
      productPart: ", query: { limit: '{query.limit?}' }",
    });
    await (await ask('?limit=a%26b&secret=1')).text();
    await (await ask()).text();
    expect(users.seen.map(({ url }) => url)).toEqual([
      '/users/1?fields=name&like=2%26x%3D1&limit=a%26b',
      '/users/1?fields=name&like=2%26x%3D1',
    ]);
    expect(products.seen.map(({ url }) => url)).toEqual(['/products/2?limit=a%26b', '/products/2']);
  });

  it('that needs a value which the request does not have makes the whole 400', async () => {
    const userPart = ", query: { limit: '{query.limit}' }";
    const { ask } = await startWith(answerUser, answerProduct, { userPart });
    expect((await ask('?limit=1')).status).toBe(200);
    expect((await ask()).status).toBe(400);
  });

  it('gives only what its pointer points at, and is down when nothing is there', async () => {
    const nested: Answering = (_request, response) =>
      sendJson(response, 200, { data: { 'a/b': [{ price: '1.50' }] } });
    const { ask } = await startWith(nested, nested, {
      userPart: ', pick: /data/a~1b/0/price',
      productPart: ', pick: /data/toString',
    });
    expect(await (await ask()).json()).toEqual({
      user: '1.50',
      product: null,
      incomplete: ['product'],
    });
  });
});

describe('all or nothing', () => {
  it('answers as ever when every part is there', async () => {
    const { ask } = await startWith(answerUser, answerProduct, { whole: 'mode: all-or-nothing' });
    const response = await ask();
    expect(response.headers.get('x-complete')).toBe('true');
    expect(Object.keys((await response.json()) as object)).toEqual(['user', 'product']);
  });

  it('ends with the first part that is down, and ends the others', async () => {
    const { ask, users } = await startWith(answerNothing, answerBroken, {
      whole: 'mode: all-or-nothing',
      route: 'timeout: 10m',
    });
    const response = await ask();
    expect(response.status).toBe(502);
    expect((await problemOf(response))['detail']).toContain('product');
    await expect.poll(() => users.sockets.size).toBe(0);
  });
});

describe('an aggregate that cannot be', () => {
  it.each([
    ['a fallback that is never used', { userPart: ', required: true, fallback: {}' }, 'fallback'],
    ['the same by its mode', { userPart: ', fallback: {}', whole: 'mode: all-or-nothing' }, 'user'],
    ['an unknown placeholder', { userPart: ", query: { a: '{path.nobody}' }" }, '{path.nobody}'],
    [
      'a part of a name that is taken',
      { whole: 'incomplete: { upstream: user, path: / }' },
      'incomplete',
    ],
    ['a part that is none', { whole: 'other: 1' }, 'other'],
  ])('is refused: %s', async (_, options, named) => {
    await expect(startWith(answerUser, answerProduct, options)).rejects.toThrow(named);
  });

  it('is refused with a method that its parts are not asked with', async () => {
    const wrong = configuration('http://127.0.0.1:1', 'http://127.0.0.1:1', '1s').replace(
      '[GET]',
      '[GET, POST]',
    );
    await expect(startGateway(wrong)).rejects.toThrow('POST');
  });
});
