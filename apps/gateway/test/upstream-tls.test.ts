import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createResolveName, createResolveService } from '../src/upstreams/resolve.ts';
import { startBackend } from './support/backend.ts';
import { startGateway } from './support/gateway.ts';

/** An authority, a server of the names `service` and 127.0.0.1, and a client. */
let folder: string;
const file = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(file(name));

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
}

function sign(name: string, subject: string, extensions: string): void {
  writeFileSync(file(`${name}.ext`), extensions);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject);
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'];
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...by,
    '-out',
    `${name}.pem`,
    '-extfile',
    `${name}.ext`,
  );
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-tls-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test',
  );
  sign('server', '/CN=service', 'subjectAltName=DNS:service,IP:127.0.0.1');
  sign('client', '/CN=gateway', 'extendedKeyUsage=clientAuth');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

interface SecureSeen {
  readonly servername: string | false | null | undefined;
  readonly client: string | undefined;
  readonly host: string | undefined;
}

/** A service over TLS; `seen` has what each request came with. */
async function startSecure(
  options: ServerOptions = {},
  answer?: (response: ServerResponse) => void,
) {
  const seen: SecureSeen[] = [];
  const tls = { key: read('server.key'), cert: read('server.pem'), ...options };
  const server = createServer(tls, (request, response) => {
    const socket = request.socket as TLSSocket;
    const { CN: client } = socket.getPeerCertificate().subject ?? {};
    seen.push({
      servername: socket.servername,
      client: client as string | undefined,
      host: request.headers.host,
    });
    if (answer === undefined) response.end('secure');
    else answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

const config = (upstream: object, endpoint: 'http' | 'stream' = 'http') =>
  JSON.stringify({
    upstreams: { a: upstream },
    routes: [{ path: '/x', methods: ['GET'], endpoint: { [endpoint]: { upstream: 'a' } } }],
  });

describe('an upstream over HTTPS', () => {
  it.each(['http', 'stream'] as const)(
    'is checked by its authority, told its name, and shown the certificate of the gateway: %s',
    async (endpoint) => {
      const { port, seen } = await startSecure({
        requestCert: true,
        rejectUnauthorized: true,
        ca: read('ca.pem'),
      });
      const tls = { ca: file('ca.pem'), cert: file('client.pem'), key: file('client.key') };
      const discover = `https://127.0.0.1:${port}`;
      const gateway = await startGateway(
        config({ discover, tls: { ...tls, servername: 'service' } }, endpoint),
      );
      const response = await fetch(`${gateway.url}/x`);
      expect(await response.text()).toBe('secure');
      expect(seen).toMatchObject([{ servername: 'service', client: 'gateway' }]);
    },
  );

  it.each(['http', 'stream'] as const)(
    'found by DNS is asked by its name at each of its addresses, and probed so: %s',
    async (endpoint) => {
      const { port, seen } = await startSecure();
      const upstream = {
        discover: `dns://service:${port}`,
        tls: { ca: file('ca.pem') },
        probe: { path: '/ready' },
      };
      const gateway = await startGateway(config(upstream, endpoint), {
        resolveName: async () => ['127.0.0.1'],
      });
      expect(await gateway.metric('gateway_replicas', { state: 'usable' })).toBe(1);
      expect(await (await fetch(`${gateway.url}/x`)).text()).toBe('secure');
      expect(seen.at(-1)).toMatchObject({ servername: 'service', host: `service:${port}` });
    },
  );

  it('whose replica goes from its name carries what streams it has begun to their end', async () => {
    const responses: ServerResponse[] = [];
    const { port } = await startSecure({}, (response) => {
      responses.push(response);
      response.write('first');
    });
    let addresses = ['127.0.0.1'];
    const gateway = await startGateway(
      config(
        {
          discover: `dns://service:${port}`,
          tls: { ca: file('ca.pem') },
          probe: { port: (await startBackend()).port, protocol: 'http', path: '/ready' },
        },
        'stream',
      ),
      { resolveName: async () => addresses },
    );
    const answer = await fetch(`${gateway.url}/x`);
    addresses = ['127.0.0.2'];
    await expect
      .poll(() => gateway.log.lines.map(({ msg }) => msg), { timeout: 20_000 })
      .toContain('replica gone');
    await sleep(300);
    responses[0]?.end(' and last');
    expect(await answer.text()).toBe('first and last');
  });

  it('is not asked when its certificate is of nobody we know, or of another name', async () => {
    const { port, seen } = await startSecure();
    for (const tls of [undefined, { ca: file('ca.pem'), servername: 'other' }]) {
      const gateway = await startGateway(config({ discover: `https://127.0.0.1:${port}`, tls }));
      expect((await fetch(`${gateway.url}/x`)).status).toBe(503);
    }
    expect(seen).toEqual([]);
  });

  it('is refused at the start when its files are not there, no PEM, or do not go together', async () => {
    writeFileSync(file('text.pem'), 'hello');
    const discover = 'https://127.0.0.1:1';
    const refusals: readonly (readonly [object, RegExp])[] = [
      [{ ca: file('none.pem') }, /cannot be read \(ENOENT\)/],
      [{ ca: file('text.pem') }, /is no PEM file/],
      [{ cert: file('client.pem') }, /needs both "cert" and "key"/],
      [{ cert: file('client.pem'), key: file('server.key') }, /do not go together/],
    ];
    for (const [tls, reason] of refusals) {
      await expect(startGateway(config({ discover, tls }))).rejects.toThrow(reason);
    }
    const plain = { discover: 'http://127.0.0.1:1', tls: {} };
    await expect(startGateway(config(plain))).rejects.toThrow(/"tls" is for https/);
  });

  it('gets new connections when its files have changed at a reload', async () => {
    const { port, seen } = await startSecure({ requestCert: true, rejectUnauthorized: false });
    sign('renewed', '/CN=first', 'extendedKeyUsage=clientAuth');
    const tls = {
      ca: file('ca.pem'),
      cert: file('renewed.pem'),
      key: file('renewed.key'),
      servername: 'service',
    };
    const gateway = await startGateway(config({ discover: `https://127.0.0.1:${port}`, tls }));
    await (await fetch(`${gateway.url}/x`)).text();
    sign('renewed', '/CN=second', 'extendedKeyUsage=clientAuth');
    await gateway.gateway.reload();
    await (await fetch(`${gateway.url}/x`)).text();
    expect(seen.map(({ client }) => client)).toEqual(['first', 'second']);
  });
});

/** A DNS server that answers SRV for `_http._tcp.service` and A for the targets. */
async function startDns(
  records: () => readonly { priority: number; port: number; target: string }[],
) {
  const server = createSocket('udp4');
  const nameOf = (name: string) =>
    Buffer.concat([
      ...name.split('.').map((part) => Buffer.from([part.length, ...Buffer.from(part)])),
      Buffer.from([0]),
    ]);
  const record = (type: number, data: Buffer) => {
    const head = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 1, 0, data.length]);
    return Buffer.concat([head, data]);
  };
  server.on('message', (query, { port, address }) => {
    const nameEnd = query.indexOf(0, 12) + 1;
    const isSrv = query.readUInt16BE(nameEnd) === 33;
    const answers = isSrv
      ? records().map(({ priority, port: at, target }) => {
          const numbers = Buffer.alloc(6);
          numbers.writeUInt16BE(priority, 0);
          numbers.writeUInt16BE(at, 4);
          return record(33, Buffer.concat([numbers, nameOf(target)]));
        })
      : [record(1, Buffer.from([127, 0, 0, 1]))];
    const header = Buffer.from([0, 0, 0x81, 0x80, 0, 1, 0, answers.length, 0, 0, 0, 0]);
    query.copy(header, 0, 0, 2);
    const question = query.subarray(12, nameEnd + 4);
    server.send(Buffer.concat([header, question, ...answers]), port, address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return [`127.0.0.1:${server.address().port}`];
}

describe('an upstream found by SRV', () => {
  it('has the ports that its records name, those of the lowest priority, as they change', async () => {
    const [one, other, spare] = await Promise.all([1, 2, 3].map(() => startBackend()));
    const ports = { one: one?.port ?? 0, other: other?.port ?? 0, spare: spare?.port ?? 0 };
    let records = [
      { priority: 10, port: ports.one, target: 'one.test' },
      { priority: 20, port: ports.spare, target: 'spare.test' },
    ];
    const servers = await startDns(() => records);
    const gateway = await startGateway(
      config({ discover: 'dns+srv://_http._tcp.service', probe: { path: '/' } }),
      { resolveService: createResolveService(createResolveName(servers), servers) },
    );
    const asked = (backend = one) => backend?.seen.filter(({ url }) => url === '/x').length;
    expect((await fetch(`${gateway.url}/x`)).status).toBe(200);
    expect([asked(one), asked(other), asked(spare)]).toEqual([1, 0, 0]);
    records = [...records, { priority: 10, port: ports.other, target: 'other.test' }];
    const usable = () => gateway.metric('gateway_replicas', { state: 'usable' });
    await expect.poll(usable, { timeout: 10_000 }).toBe(2);
    for (let count = 0; count < 4; count += 1) await (await fetch(`${gateway.url}/x`)).text();
    expect([asked(one), asked(other), asked(spare)]).toEqual([3, 2, 0]);
  });
});
