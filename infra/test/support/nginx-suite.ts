/** What nginx does beside what every balancer does: its settings, static files, TLS, direct routes. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { expect, it } from 'vitest';
import { createStack, docker, type Beside, type Stack } from '../../src/compose.ts';

/** An nginx beside the stack's own: 60 requests a minute of a client, 5 more at once. */
export const limitedNginx = (stack: Stack, port: number): Promise<Beside> =>
  stack.beside('nginx', {
    environment: { NGINX_RATE_LIMIT: '60', NGINX_BURST: '5' },
    publish: { host: port, container: 8080 },
  });

/** Declares the tests; the stack is up. */
export function describeNginx(stack: Stack): void {
  const port = Number(new URL(stack.entry).port) + 101;
  const origin = `http://127.0.0.1:${port}`;

  /** The same project with an overlay or other settings: for containers beside those that run. */
  const changed = (environment: Record<string, string>, ...files: string[]) =>
    createStack({
      project: stack.project,
      ports: { entry: port + 1, prometheus: port + 2, rabbitmq: port + 3 },
      environment,
      files,
    });

  /** Resolves once it answers, whatever it says. */
  const answering = (url: string) =>
    expect.poll(() => fetch(url).then(() => true, String), { timeout: 30_000 }).toBe(true);

  const check = ['sh', '/etc/nginx/start.sh', '-t'];

  it.each([
    ['NGINX_RATE_LIMIT', '0', 'NGINX_RATE_LIMIT must be a whole number from 1 on, not "0"'],
    ['NGINX_RATE_LIMIT', '10/s', 'NGINX_RATE_LIMIT must be a whole number from 1 on, not "10/s"'],
    ['NGINX_BURST', '-1', 'NGINX_BURST must be a whole number from 0 on, not "-1"'],
  ])('refuses %s=%s in words', async (name, value, words) => {
    await expect(changed({ [name]: value }).run('nginx', ...check)).rejects.toThrow(words);
  });

  it.each([
    ['1', '0'],
    ['7', '1'],
    ['999999999', '100000'],
  ])('starts with a limit of %s and a burst of %s', async (limit, burst) => {
    await changed({ NGINX_RATE_LIMIT: limit, NGINX_BURST: burst }).run('nginx', ...check);
  });

  it('serves files for a year when their names have a hash, for an hour otherwise', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'woodytoys-static-'));
    await chmod(folder, 0o755);
    const style = 'a { color: red }\n'.repeat(200);
    await writeFile(join(folder, 'page.3f2a91c0.css'), style);
    await writeFile(join(folder, 'photo-20261121.html'), '<p>é</p>');
    const options = { publish: { host: port, container: 8080 } };
    const nginx = await changed({ STATIC_FOLDER: folder }).beside('nginx', options);
    try {
      await answering(`${origin}/static/none`);
      const hashed = await fetch(`${origin}/static/page.3f2a91c0.css`, {
        headers: { 'accept-encoding': 'gzip' },
      });
      expect(hashed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(hashed.headers.get('content-encoding')).toBe('gzip');
      expect(hashed.headers.get('content-type')).toContain('text/css');
      expect(await hashed.text()).toBe(style);

      const named = await fetch(`${origin}/static/photo-20261121.html`);
      expect(named.headers.get('cache-control')).toBe('public, max-age=3600');
      const etag = named.headers.get('etag') ?? '';
      expect(etag).toMatch(/^"/);
      const again = await fetch(`${origin}/static/photo-20261121.html`, {
        headers: { 'if-none-match': etag },
      });
      expect(again.status).toBe(304);

      for (const path of ['/static/none', '/static/', '/static/../start.sh', '/static/%2e%2e/x']) {
        const absent = await fetch(`${origin}${path}`);
        expect([path, absent.status]).toEqual([path, 404]);
        expect(absent.headers.get('content-type')).toBe('application/problem+json');
      }
      const written = await fetch(`${origin}/static/page.3f2a91c0.css`, { method: 'PUT' });
      expect([written.status, written.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    } finally {
      await nginx.remove();
      await rm(folder, { recursive: true });
    }
  });

  it('speaks TLS 1.2 and 1.3 and HTTP/2 with a certificate that it made itself', async () => {
    const settings = { TLS_REDIRECT: 'on', TLS_PORT: String(port), HSTS_MAX_AGE: '3600' };
    const overlaid = changed(settings, 'infra/tls/docker-compose.yml');
    expect(await overlaid.run('certificate')).toContain('made for localhost');
    expect(await overlaid.run('certificate')).toContain('of an earlier start');
    const nginx = await overlaid.beside('nginx', { publish: { host: port, container: 8443 } });
    try {
      const tls = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
        new Promise<string>((resolve, reject) => {
          const limits = { minVersion: version, maxVersion: version } as const;
          // OpenSSL itself offers 1.1 at its lowest level alone.
          const ciphers = version === 'TLSv1.1' ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {};
          const options = { host: '127.0.0.1', port, rejectUnauthorized: false };
          const socket = connectTls({ ...options, ...limits, ...ciphers }, () => {
            const { subjectaltname } = socket.getPeerCertificate();
            resolve(`${socket.getProtocol()} ${subjectaltname}`);
            socket.destroy();
          });
          socket.on('error', reject);
        });
      await expect
        .poll(() => tls('TLSv1.3').catch(String), { timeout: 30_000 })
        .toMatch(/^TLSv1\.3 .*DNS:localhost.*127\.0\.0\.1/);
      expect(await tls('TLSv1.2')).toMatch(/^TLSv1\.2 /);
      await expect(tls('TLSv1.1')).rejects.toThrow();

      const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
      const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
        session.on('error', reject);
        session.request({ ':path': '/api/users/1' }).on('response', resolve).on('error', reject);
      });
      session.destroy();
      expect(headers).toMatchObject({
        ':status': 200,
        'strict-transport-security': 'max-age=3600',
      });

      const plain = `fetch('http://${nginx.name}:8080/api/users/1?x=1', { redirect: 'manual' })
        .then((answer) => console.log(answer.status, answer.headers.get('location')))`;
      const redirected = await stack.exec('console', 'node', '-e', plain);
      expect(redirected).toBe(`308 https://${nginx.name}:${port}/api/users/1?x=1`);
    } finally {
      await nginx.remove();
      await docker('volume', 'rm', `${stack.project}_tls`);
    }
  });

  it('leads straight to services where an overlay says so, past the gateway', async () => {
    const network = `${stack.project}_direct`;
    const overlaid = changed({}, 'infra/direct/docker-compose.yml');
    const nginx = await overlaid.beside('nginx', { publish: { host: port, container: 8080 } });
    const services = ['product', 'order'];
    const joined: string[] = [];
    try {
      for (const service of services) {
        const [id = ''] = await stack.containers(service);
        await docker('network', 'connect', '--alias', service, network, id);
        joined.push(id);
      }
      for (const path of ['/api/products/1', '/api/misc/time']) {
        await expect
          .poll(async () => (await fetch(`${origin}${path}`)).status, { timeout: 30_000 })
          .toBe(200);
      }
      const direct = await fetch(`${origin}/api/products?limit=1`);
      expect(direct.headers.has('ratelimit')).toBe(false);
      expect(await direct.json()).toMatchObject({ items: [{ id: 1, name: 'Product_1' }] });
      const missing = await fetch(`${origin}/api/products/999999`);
      expect(await missing.json()).toMatchObject({
        status: 404,
        instance: '/api/products/999999',
      });
      const order = await fetch(`${origin}/api/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"product":"Yoyo"}',
      });
      expect(order.status).toBe(202);
      // What the overlay does not name still goes through the gateway.
      const through = await fetch(`${origin}/api/users/1`);
      expect([through.status, through.headers.has('ratelimit')]).toEqual([200, true]);
    } finally {
      for (const id of joined) await docker('network', 'disconnect', network, id);
      await nginx.remove();
      await docker('network', 'rm', network);
    }
  });
}
