import { afterEach, describe, expect, it } from 'vitest';
import { startOriginal, startServer, textOf } from './start.ts';
import type { StartedOriginal } from './start.ts';

const started: StartedOriginal[] = [];
function start(...given: Parameters<typeof startOriginal>): StartedOriginal {
  const original = startOriginal(...given);
  started.push(original);
  return original;
}
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
});

const answer = {
  user: { user_id: '7', username: 'user_7', email: 'user_7@example.com' },
  product: { product_id: '3', name: 'Product_3', price: 19.99 },
};
const jsonOf = async (url: string) => JSON.parse((await textOf(url)).text) as unknown;

/** A backend that tells in which order it was asked and has answered. */
async function startBackend() {
  const events: string[] = [];
  const backend = await startServer((request, response) => {
    events.push(`asked ${request.url}`);
    setTimeout(() => {
      events.push(`answered ${request.url}`);
      response.end('{}');
    }, 50);
  });
  return { ...backend, events };
}

describe('users and products', () => {
  it('are answered by the monolith, and by two services behind the naive gateway, alike', async () => {
    const monolith = await start('user-product-monolith.ts').url();
    const services = await start('user-product-services.ts').url();
    const naive = await start('naive-gateway.ts', {
      USERS_URL: `${services}/user`,
      PRODUCTS_URL: `${services}/product`,
    }).url();
    expect(await jsonOf(`${monolith}/api/7/3`)).toEqual(answer);
    expect(await jsonOf(`${naive}/api/7/3`)).toEqual(answer);
  });
});

describe('the naive gateway', () => {
  it('asks one after the other, each over a connection of its own', async () => {
    const backend = await startBackend();
    const naive = await start('naive-gateway.ts', {
      USERS_URL: `${backend.url}/users`,
      PRODUCTS_URL: `${backend.url}/products`,
    }).url();
    await jsonOf(`${naive}/api/1/2`);
    expect(backend.events).toEqual([
      'asked /users/1',
      'answered /users/1',
      'asked /products/2',
      'answered /products/2',
    ]);
    await jsonOf(`${naive}/api/1/2`);
    expect(backend.connections()).toBe(4);
  });

  it('keeps its connections when it is told to', async () => {
    const backend = await startBackend();
    const naive = await start('naive-gateway.ts', {
      USERS_URL: `${backend.url}/users`,
      PRODUCTS_URL: `${backend.url}/products`,
      KEEP_ALIVE: 'true',
    }).url();
    for (let call = 0; call < 3; call += 1) await jsonOf(`${naive}/api/1/2`);
    expect(backend.connections()).toBe(1);
  });

  it('passes errors of the services on as if they were data, and answers 500 without one', async () => {
    const failing = await startServer((_request, response) => {
      response.writeHead(503).end('{"title":"busy"}');
    });
    const environment = {
      USERS_URL: `${failing.url}/users`,
      PRODUCTS_URL: `${failing.url}/products`,
    };
    const deaf = await start('naive-gateway.ts', environment).url();
    const passedOn = await textOf(`${deaf}/api/1/2`);
    expect(passedOn.status).toBe(200);
    expect(passedOn.text).toContain('"user":{"title":"busy"}');

    const alone = await start('naive-gateway.ts', {
      ...environment,
      PRODUCTS_URL: 'http://127.0.0.1:1/products',
    }).url();
    expect((await textOf(`${alone}/api/1/2`)).status).toBe(500);
  });
});
