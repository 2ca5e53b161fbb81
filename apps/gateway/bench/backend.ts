/**
 * The service behind every candidate: 300 bytes of JSON to any request without a body. It reads no
 * more of HTTP than where a request ends, so that it stays far from being what is measured.
 */
import { createServer } from 'node:net';

const [port] = process.argv.slice(2);
const END = '\r\n\r\n';

const item = { id: 42, name: 'Wooden train', price: 19.99, description: '' };
item.description = 'x'.repeat(300 - JSON.stringify(item).length);
const body = JSON.stringify(item);
const answer = Buffer.from(
  [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${body.length}`,
    'Cache-Control: no-store',
    'ETag: "1-300"',
    `Date: ${new Date().toUTCString()}`,
    'Connection: keep-alive',
    'Keep-Alive: timeout=75',
    '',
    body,
  ].join('\r\n'),
);

createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    rest += chunk.toString('latin1');
    let from = 0;
    for (let at = rest.indexOf(END); at !== -1; at = rest.indexOf(END, from)) {
      from = at + END.length;
      socket.write(answer);
    }
    rest = rest.slice(from);
  });
  socket.on('error', () => socket.destroy());
}).listen(Number(port), '127.0.0.1', 4096);
