/**
 * The gateway that the design began with: two calls, one after the other, and no thought of what may
 * fail. `PORT=5000 USERS_URL=http://…/users PRODUCTS_URL=http://…/products node loadtests/originals/naive-gateway.ts`
 */
import { flag, url } from '@woodytoys/service';
import express from 'express';
import { serveOriginal } from './serve.ts';
import { createGetJson } from './user-product/get-json.ts';

await serveOriginal({
  name: 'naive-gateway',
  environment: process.env,
  config: {
    USERS_URL: url(undefined, ['http']).describe('Where users are, their id is put behind it.'),
    PRODUCTS_URL: url(undefined, ['http']).describe('Where products are, likewise.'),
    KEEP_ALIVE: flag(false).describe(
      'Whether connections are kept; `requests.get` of the design opens one for each call.',
    ),
  },
  create: ({ USERS_URL, PRODUCTS_URL, KEEP_ALIVE }) => {
    const getJson = createGetJson({ keepAlive: KEEP_ALIVE });
    return express().get('/api/:userId/:productId', async (request, response) => {
      const { userId, productId } = request.params;
      const user = await getJson(`${USERS_URL}/${userId}`);
      const product = await getJson(`${PRODUCTS_URL}/${productId}`);
      response.json({ user, product });
    });
  },
});
