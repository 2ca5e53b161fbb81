import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTestLogger } from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDiscovery, parseDiscovery, readDiscovery } from '../src/upstreams/discovery.ts';
import { createResolveName } from '../src/upstreams/resolve.ts';
import { startBackend } from './support/backend.ts';
import type { Answering, Backend } from './support/backend.ts';
import { startLoad } from './support/load.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

/**
 * Replicas of one service on one port, as a name with several addresses has them: 127.0.0.2 and on,
 * each with its own readiness on `probePort`.
 */
async function startReplicas(count: number) {
  const first = await startReplica('127.0.0.2');
  const { port, probePort } = first;
  const others = Array.from({ length: count - 1 }, (_, index) =>
    startReplica(`127.0.0.${index + 3}`, port, probePort),
  );
  return { port, probePort, replicas: [first, ...(await Promise.all(others))] };
}

interface TestReplica {
  readonly host: string;
  readonly port: number;
  readonly probePort: number;
  readyStatus: number;
  served: number;
  /** Answers carry `Connection: close`, as a service that drains says it. */
  draining: boolean;
  close(): Promise<void>;
}

async function startReplica(host: string, port = 0, probePort = 0): Promise<TestReplica> {
  const listen = async (onPort: number, listener: Parameters<typeof createServer>[1]) => {
    const server = createServer({ keepAliveTimeout: 75_000 }, listener);
    await new Promise<void>((resolve) => server.listen(onPort, host, resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return server;
  };
  const server = await listen(port, (request, response) => {
    replica.served += 1;
    if (replica.draining) response.shouldKeepAlive = false;
    request.resume().on('end', () => setTimeout(() => response.end(host), 5));
  });
  const probe = await listen(probePort, (_request, response) => {
    response.writeHead(replica.readyStatus).end();
  });
  const replica: TestReplica = {
    host,
    port: (server.address() as AddressInfo).port,
    probePort: (probe.address() as AddressInfo).port,
    readyStatus: 200,
    served: 0,
    draining: false,
    async close() {
      probe.closeAllConnections();
      probe.close();
      // As a process does that finishes what it has and ends.
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return replica;
}

const probed = (probePort: number) =>
  `probe: { port: ${probePort}, interval: 50ms, timeout: 500ms }`;

const ask = async (url: string, init?: RequestInit) => {
  const response = await fetch(`${url}/api/x`, init);
  return { status: response.status, text: await response.text() };
};

const served = (replicas: readonly TestReplica[]) => replicas.map((replica) => replica.served);

describe('replicas found by DNS', () => {
  it('get even shares once they are ready, and none before', async () => {
    const { port, probePort, replicas } = await startReplicas(3);
    const [, , late] = replicas as [TestReplica, TestReplica, TestReplica];
    late.readyStatus = 503;
    const gateway = await startGateway(
      oneUpstream(`dns://service:${port}`, { upstream: probed(probePort) }),
      { resolveName: async () => replicas.map(({ host }) => host) },
    );
    for (let count = 0; count < 20; count += 1) await ask(gateway.url);
    expect(served(replicas)).toEqual([10, 10, 0]);
    expect(await gateway.metric('gateway_replicas', { state: 'known' })).toBe(3);
    expect(await gateway.metric('gateway_replicas', { state: 'usable' })).toBe(2);
    late.readyStatus = 200;
    await expect.poll(() => gateway.metric('gateway_replicas', { state: 'usable' })).toBe(3);
    for (let count = 0; count < 30; count += 1) await ask(gateway.url);
    expect(served(replicas)).toEqual([20, 20, 10]);
  });

  it('come and go with the name, without a failed request', async () => {
    const { port, probePort, replicas } = await startReplicas(3);
    let hosts = ['127.0.0.2'];
    const gateway = await startGateway(
      oneUpstream(`dns://service:${port}`, { upstream: probed(probePort) }),
      { resolveName: async () => hosts },
    );
    const load = startLoad(`${gateway.url}/api/x`, 8);
    hosts = ['127.0.0.4', '127.0.0.2', '127.0.0.3'];
    await expect
      .poll(() => served(replicas).every((count) => count > 20), { timeout: 10_000 })
      .toBe(true);
    hosts = ['127.0.0.3'];
    await expect
      .poll(() => gateway.metric('gateway_replicas', { state: 'known' }), { timeout: 10_000 })
      .toBe(1);
    const someMore = async () => {
      const before = load.results.length;
      await expect.poll(() => load.results.length).toBeGreaterThan(before + 50);
    };
    // What was on its way when the name changed is finished there.
    await someMore();
    const [gone] = served(replicas);
    await someMore();
    await load.stop();
    expect(served(replicas)[0]).toBe(gone);
    expect(new Set(load.results)).toEqual(new Set([200]));
  });

  it('leave the rotation when they drain: no request fails, reads or writes', async () => {
    const { port, probePort, replicas } = await startReplicas(2);
    const [leaving] = replicas as [TestReplica, TestReplica];
    const gateway = await startGateway(
      oneUpstream(`dns://service:${port}`, {
        upstream: `${probed(probePort)}\n    keepAlive: 300ms`,
      }),
      { resolveName: async () => replicas.map(({ host }) => host) },
    );
    const load = startLoad(`${gateway.url}/api/x`, 20);
    await expect.poll(() => leaving.served).toBeGreaterThan(50);
    // As a service ends: not ready, answers still, says Connection: close, then closes.
    leaving.readyStatus = 503;
    leaving.draining = true;
    await expect.poll(() => gateway.metric('gateway_replicas', { state: 'usable' })).toBe(1);
    const someMore = async () => {
      const before = load.results.length;
      await expect.poll(() => load.results.length).toBeGreaterThan(before + 100);
    };
    await someMore();
    const afterDrain = leaving.served;
    await someMore();
    expect(leaving.served).toBe(afterDrain);
    // Longer than the gateway keeps an unused connection.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await leaving.close();
    await someMore();
    await load.stop();
    expect(new Set(load.results)).toEqual(new Set([200]));
  });

  it('are all tried when none is ready', async () => {
    const { port, probePort, replicas } = await startReplicas(2);
    for (const replica of replicas) replica.readyStatus = 503;
    const gateway = await startGateway(
      oneUpstream(`dns://service:${port}`, { upstream: probed(probePort) }),
      { resolveName: async () => replicas.map(({ host }) => host) },
    );
    for (let count = 0; count < 4; count += 1) expect((await ask(gateway.url)).status).toBe(200);
    expect(served(replicas)).toEqual([2, 2]);
    expect(gateway.log.lines).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('no replica is ready') }),
    );
  });

  it('finish what they began when their name is gone', async () => {
    let finish = () => {};
    const holding: Answering = ({ url }, response) => {
      if (url === '/slow') finish = () => response.end('finished');
      else response.end();
    };
    const backend: Backend = await startBackend(holding);
    let hosts = ['127.0.0.1'];
    const gateway = await startGateway(
      oneUpstream(`dns://service:${backend.port}`, {
        upstream: `probe: { path: / , timeout: 100ms }`,
      }),
      { resolveName: async () => hosts },
    );
    const asked = fetch(`${gateway.url}/api/slow`);
    await expect.poll(() => backend.seen.some(({ url }) => url === '/slow')).toBe(true);
    hosts = [];
    await expect.poll(() => gateway.metric('gateway_replicas', { state: 'known' })).toBe(0);
    finish();
    expect(await (await asked).text()).toBe('finished');
  });

  it('are missing without harm when the gateway starts first', async () => {
    const { port, probePort, replicas } = await startReplicas(1);
    let found = false;
    const gateway = await startGateway(
      oneUpstream(`dns://service:${port}`, { upstream: probed(probePort) }),
      {
        resolveName: async () => {
          if (!found)
            throw Object.assign(new Error('queryA ENOTFOUND service'), { code: 'ENOTFOUND' });
          return replicas.map(({ host }) => host);
        },
      },
    );
    await gateway.gateway.ready();
    const response = await fetch(`${gateway.url}/api/x`);
    expect(response.status).toBe(503);
    await problemOf(response);
    found = true;
    await expect.poll(async () => (await ask(gateway.url)).status, { timeout: 5_000 }).toBe(200);
  });
});

describe('looking up a name', () => {
  it('keeps what it knew for a while when the name is not found', async () => {
    const log = createTestLogger();
    const seen: string[][] = [];
    let answer: () => Promise<readonly string[]> = async () => ['10.0.0.2', '10.0.0.1'];
    const discovery = createDiscovery(readDiscovery('dns://service:80'), {
      resolveName: () => answer(),
      resolveService: () => Promise.reject(new Error('no SRV here')),
      log,
      lookupIntervalMs: 10,
      keepUnresolvedMs: 300,
    });
    onTestFinished(() => discovery.stop());
    await discovery.start((addresses) => seen.push(addresses.map(({ host }) => host)));
    expect(seen).toEqual([['10.0.0.1', '10.0.0.2']]);
    answer = async () => ['10.0.0.1', '10.0.0.2'];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(seen).toHaveLength(1);
    answer = () => Promise.reject(new Error('ENOTFOUND'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(seen).toHaveLength(1);
    await expect.poll(() => seen.at(-1)).toEqual([]);
    expect(log.lines.filter(({ msg }) => msg.includes('does not resolve'))).toHaveLength(1);
    answer = async () => ['10.0.0.3'];
    await expect.poll(() => seen.at(-1)).toEqual(['10.0.0.3']);
  });

  it('asks the server each time, whatever time to live it has told', async () => {
    let asked = 0;
    const server = createSocket('udp4');
    server.on('message', (query, { port, address }) => {
      asked += 1;
      const nameEnd = query.indexOf(0, 12) + 1;
      // An answer to this very question: 10.0.0.N, to be kept for 600 s, as Docker's says.
      const header = Buffer.from([
        query[0] as number,
        query[1] as number,
        0x81,
        0x80,
        0,
        1,
        0,
        1,
        0,
        0,
        0,
        0,
      ]);
      const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0x02, 0x58, 0, 4, 10, 0, 0, asked]);
      server.send(Buffer.concat([header, query.subarray(12, nameEnd + 4), record]), port, address);
    });
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const resolveName = createResolveName([`127.0.0.1:${server.address().port}`]);
    expect(await resolveName('service')).toEqual(['10.0.0.1']);
    expect(await resolveName('service')).toEqual(['10.0.0.2']);
  });

  it('finds what the system knows', async () => {
    expect(await createResolveName()('localhost')).toContain('127.0.0.1');
    await expect(createResolveName()('nothing.invalid')).rejects.toThrow();
  });

  it.each([
    '',
    'service:80',
    'dns://service',
    'http://a/path',
    'https//x',
    'dns://a b:1',
    'http://a,b',
  ])('refuses %o', (text) => {
    expect(parseDiscovery(text)).toBeUndefined();
  });
});
