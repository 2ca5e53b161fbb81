/** Bare @fastify/http-proxy, without a log. */
import proxy from '@fastify/http-proxy';
import fastify from 'fastify';

const [port, backendPort] = process.argv.slice(2);
const server = fastify();
await server.register(proxy, { upstream: `http://127.0.0.1:${backendPort}` });
await server.listen({ port: Number(port), host: '127.0.0.1' });
