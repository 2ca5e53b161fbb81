/** The route files of the labs, in the gateway's own process before the backends that they name. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startMain } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { startOriginal, textOf } from './start.ts';

const root = new URL('../../../', import.meta.url);
const running: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** @param file of loadtests/originals. @returns where the gateway answers. */
async function startGateway(file: string, environment: Record<string, string>): Promise<string> {
  const gateway = startMain(new URL('apps/gateway/src/main.ts', root), {
    ...environment,
    GATEWAY_CONFIG: fileURLToPath(new URL(`loadtests/originals/${file}`, root)),
  });
  running.push(() => {
    gateway.kill('SIGTERM');
    return gateway.exited;
  });
  return `http://127.0.0.1:${await gateway.ready()}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('the route files of the labs', () => {
  it('put user and product together as the naive gateway does', async () => {
    const services = startOriginal('user-product-services.ts');
    running.push(services.stop);
    const upstream = await services.url();
    const naive = startOriginal('naive-gateway.ts', {
      USERS_URL: `${upstream}/user`,
      PRODUCTS_URL: `${upstream}/product`,
    });
    running.push(naive.stop);
    const gateway = await startGateway('user-product/gateway.yaml', {
      USER_UPSTREAM: upstream,
      PRODUCT_UPSTREAM: upstream,
    });
    const ours = await textOf(`${gateway}/api/7/3`);
    const theirs = await textOf(`${await naive.url()}/api/7/3`);
    expect(ours.status).toBe(200);
    expect(JSON.parse(ours.text)).toEqual(JSON.parse(theirs.text));
  });

  it('have an endpoint that is fast and one that is as slow as it is told', async () => {
    const port = await freePort();
    const file = fileURLToPath(new URL('apps/gateway/bench/protection/backend.ts', root));
    const backend = spawn(process.execPath, [file, String(port)], { stdio: 'inherit' });
    running.push(() => {
      backend.kill('SIGTERM');
      return once(backend, 'exit');
    });
    const upstream = `http://127.0.0.1:${port}`;
    await waitFor(
      async () => (await textOf(`${upstream}/state`).catch(() => undefined))?.status === 200,
      60_000,
    );
    const gateway = await startGateway('slow-fast.yaml', {
      SLOW_FAST_UPSTREAM: upstream,
      SLOW_MS: '5000',
    });
    expect((await textOf(`${gateway}/fast`)).status).toBe(200);
    // Its time-out is 2 s: the backend waits longer.
    expect((await textOf(`${gateway}/slow`)).status).toBe(504);
  });
});
