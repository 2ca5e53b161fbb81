/** A server to be loaded: `node tiny-server.ts PORT`. It answers every path after 2 ms. */
import { createServer } from 'node:http';

const server = createServer((_request, response) => {
  setTimeout(() => response.end('here'), 2);
});
server.listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
