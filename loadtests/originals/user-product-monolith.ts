/** Users and products in one process, before the split: `PORT=5000 node loadtests/originals/user-product-monolith.ts`. */
import express from 'express';
import { serveOriginal } from './serve.ts';
import { productOf, userOf } from './user-product/records.ts';

await serveOriginal({
  name: 'user-product-monolith',
  environment: process.env,
  config: {},
  create: () =>
    express().get('/api/:userId/:productId', ({ params: { userId, productId } }, response) => {
      response.json({ user: userOf(userId), product: productOf(productId) });
    }),
});
