import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that nobody listens on, below those that the system gives to outgoing
 * connections and to `listen(0)`: one of these could be taken again before it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const free = await new Promise<boolean>((done) => {
      server.once('error', () => done(false));
      server.listen(port, '127.0.0.1', () => done(true));
    });
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}
