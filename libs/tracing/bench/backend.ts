/** What stands behind the gateway and beside it: answers every request, and takes every batch of spans. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ITEM = JSON.stringify({ id: 1, name: 'Product_1', price: 19.99, text: 'x'.repeat(200) });

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(ITEM),
  });
  response.end(ITEM);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
