/** A server to be loaded: `node tiny-server.ts PORT`. It answers every path after 2 ms by how many requests it had. */
import { createServer } from 'node:http';

let requests = 0;
const server = createServer((_request, response) => {
  requests += 1;
  setTimeout(() => response.end(String(requests)), 2);
});
server.listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
