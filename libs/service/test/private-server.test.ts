import { describe, expect, it, onTestFinished } from 'vitest';
import { createPrivateServer } from '../src/index.ts';
import type { PrivateServerOptions } from '../src/index.ts';
import { readProblem } from './support/api.ts';

async function start(options: Partial<PrivateServerOptions> = {}) {
  const server = await createPrivateServer({
    port: 0,
    host: '127.0.0.1',
    registry: {
      expose: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    },
    ready: () => Promise.resolve(),
    ...options,
  });
  onTestFinished(() => server.close());
  return {
    server,
    get: (path: string, init?: RequestInit) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, init),
  };
}

describe('the private port', () => {
  it('is alive, ready and measured', async () => {
    const { get } = await start();
    expect(await (await get('/livez')).json()).toEqual({ status: 'alive' });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' });
    const metrics = await get('/metrics');
    expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4');
    expect(await metrics.text()).toBe('up 1\n');
  });

  it('hands on in which format a scrape wants its answer', async () => {
    const { get } = await start({
      registry: { expose: async (accept) => ({ contentType: 'text/plain', body: `${accept}\n` }) },
    });
    const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
    expect(await (await get('/metrics', { headers })).text()).toBe(`${headers.accept}\n`);
  });

  it('is alive but not ready while a dependency is down, and says which', async () => {
    const { get } = await start({ ready: () => Promise.reject(new Error('database: refused')) });
    const ready = await get('/readyz');
    expect(ready.status).toBe(503);
    expect((await readProblem(ready)).detail).toBe('Not ready: database: refused');
    expect((await get('/livez')).status).toBe(200);
  });

  it('becomes ready again', async () => {
    let up = false;
    const ready = () => (up ? Promise.resolve() : Promise.reject(new Error('down')));
    const { get } = await start({ ready });
    expect((await get('/readyz')).status).toBe(503);
    up = true;
    expect((await get('/readyz')).status).toBe(200);
  });

  it('is not ready when a dependency does not answer in time', async () => {
    const { get } = await start({ ready: () => new Promise(() => {}), readyTimeoutMs: 50 });
    const ready = await get('/readyz');
    expect(ready.status).toBe(503);
    expect((await readProblem(ready)).detail).toContain('within 50 ms');
  });

  it('is not ready but alive and measured while draining, without asking dependencies', async () => {
    let asked = 0;
    const ready = () => {
      asked += 1;
      return Promise.resolve();
    };
    const { server, get } = await start({ ready });
    server.setDraining();
    expect((await get('/readyz')).status).toBe(503);
    expect(asked).toBe(0);
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/metrics')).status).toBe(200);
  });

  it('answers a failing scrape with 500', async () => {
    const registry = { expose: () => Promise.reject(new Error('inner text')) };
    const { get } = await start({ registry });
    const metrics = await get('/metrics');
    expect(metrics.status).toBe(500);
    expect((await readProblem(metrics)).detail).not.toContain('inner text');
  });

  it('answers what the app adds, as it is at the moment, and a failure with 500', async () => {
    const { server, get } = await start();
    let count = 0;
    server.addRoutes({
      '/things': () => ({ count: (count += 1) }),
      '/broken': () => {
        throw new Error('inner text');
      },
    });
    await get('/things');
    const things = await get('/things');
    expect(things.headers.get('content-type')).toBe('application/json');
    expect(await things.json()).toEqual({ count: 2 });
    const broken = await get('/broken');
    expect(broken.status).toBe(500);
    expect((await readProblem(broken)).detail).not.toContain('inner text');
    expect((await get('/livez')).status).toBe(200);
  });

  it('has nothing else', async () => {
    const { get } = await start();
    expect((await get('/')).status).toBe(404);
    expect((await get('/__proto__')).status).toBe(404);
    const post = await get('/livez', { method: 'POST' });
    expect(post.status).toBe(405);
    expect(post.headers.get('allow')).toBe('GET, HEAD');
    expect((await get('/livez?x=1', { method: 'HEAD' })).status).toBe(200);
  });
});
