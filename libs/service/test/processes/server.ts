// A process like a service's; its options come as JSON in the first argument.
import { createLogger, createPrivateServer, listen, runProcess } from '../../src/index.ts';

const options: {
  drainDelayMs?: number;
  shutdownTimeoutMs?: number;
  failStart?: boolean;
  slowStart?: boolean;
} = JSON.parse(process.argv[2] as string);

const log = createLogger({ service: 'child' });

await runProcess({
  log,
  ...(options.drainDelayMs !== undefined && { drainDelayMs: options.drainDelayMs }),
  ...(options.shutdownTimeoutMs !== undefined && { shutdownTimeoutMs: options.shutdownTimeoutMs }),
  async start(shutdown) {
    shutdown.onStop('pool', async () => log.info('pool closed'));
    if (options.failStart) throw new Error('no database');
    if (options.slowStart) {
      log.info('starting');
      await new Promise((_done, fail) => {
        const timer = setTimeout(() => {}, 60_000);
        shutdown.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          fail(shutdown.signal.reason);
        });
      });
    }
    const privateServer = await createPrivateServer({
      port: 0,
      host: '127.0.0.1',
      registry: { expose: async () => ({ contentType: 'text/plain', body: '' }) },
      ready: async () => {},
    });
    shutdown.onStop('private', () => privateServer.close());
    shutdown.onStop('app', async () => log.info('app stopped'));
    const server = await listen(
      (request, response) => {
        const url = new URL(request.url as string, 'http://a');
        if (url.pathname === '/throw') {
          setTimeout(() => {
            throw new Error('nobody caught this');
          });
        } else if (url.pathname === '/reject') {
          void Promise.reject(new Error('nobody caught this'));
        } else if (url.pathname === '/never') {
          log.info('request begins');
        } else if (url.pathname === '/slow') {
          log.info('request begins');
          setTimeout(
            () => {
              log.info('request ends');
              response.end('done');
            },
            Number(url.searchParams.get('ms')),
          );
        } else {
          response.setHeader('content-length', 0);
          response.end();
        }
      },
      { port: 0, host: '127.0.0.1', log, lingerMs: 1_000 },
    );
    shutdown.onStop('http', () => server.close());
    shutdown.onDrain(() => privateServer.setDraining());
    log.info({ port: server.port, privatePort: privateServer.port }, 'listening');
  },
});
