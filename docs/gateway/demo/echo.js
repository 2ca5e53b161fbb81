// @ts-check
/**
 * A service to try the gateway with: it answers what it was asked, as JSON.
 *
 *   node docs/gateway/demo/echo.js [PORT]     9001 unless given
 *
 * `?status=503` makes it answer with that status, `?wait=200` after so many milliseconds, `/events`
 * with server-sent events, and a JSON-RPC 2.0 call with its method and parameters as the result.
 */
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const port = Number(process.argv[2] ?? 9001);
/** What every client sends, and nobody wants to read. */
const USUAL = new Set(['host', 'connection', 'user-agent', 'accept', 'content-length']);

/** @type {import('node:http').RequestListener} */
async function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://echo');
  if (pathname.endsWith('/events')) return stream(response);
  const body = await text(request);
  const call = rpcCall(body);
  await sleep(Number(searchParams.get('wait') ?? 0));
  response.writeHead(Number(searchParams.get('status') ?? 200), {
    'content-type': 'application/json',
    'x-powered-by': 'echo',
  });
  const headers = Object.entries(request.headers).filter(([name]) => !USUAL.has(name));
  const echo = {
    replica: port,
    request: `${request.method} ${request.url}`,
    headers: Object.fromEntries(headers),
    body,
  };
  const { id, method, params } = call ?? {};
  const result = call && { jsonrpc: '2.0', id, result: { method, params } };
  response.end(`${JSON.stringify(result ?? echo, null, 2)}\n`);
}

/** @param {import('node:http').ServerResponse} response */
async function stream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let number = 1; number <= 3; number += 1) {
    response.write(`id: ${number}\ndata: {"progress":${number}}\n\n`);
    await sleep(500);
  }
  response.end();
}

/** @param {string} body */
function rpcCall(body) {
  return body.includes('"jsonrpc"') ? JSON.parse(body) : undefined;
}

createServer({ keepAliveTimeout: 60_000 }, answer).listen(port, '127.0.0.1', () =>
  process.stdout.write(`echo on http://127.0.0.1:${port}\n`),
);
