/**
 * The design's two services, which make up what they answer; one program for both, since each is a
 * line: `PORT=5001 node loadtests/originals/user-product-services.ts` answers `/user/ID` and
 * `/product/ID`. Started twice it is two services.
 */
import express from 'express';
import { serveOriginal } from './serve.ts';
import { productOf, userOf } from './user-product/records.ts';

await serveOriginal({
  name: 'user-product-services',
  environment: process.env,
  config: {},
  create: () =>
    express()
      .get('/user/:id', ({ params: { id } }, response) => {
        response.json(userOf(id));
      })
      .get('/product/:id', ({ params: { id } }, response) => {
        response.json(productOf(id));
      }),
});
