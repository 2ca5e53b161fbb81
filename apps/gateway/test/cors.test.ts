import { describe, expect, it } from 'vitest';
import { startBackend } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

async function shared(options: Record<string, unknown>, more: readonly unknown[] = []) {
  const backend = await startBackend((_request, response) => {
    response.writeHead(200, {
      'access-control-allow-origin': 'https://of-the-service.example',
      vary: 'Accept-Encoding',
      'x-total': '1',
    });
    response.end('{}');
  });
  const incoming = JSON.stringify([{ cors: options }, ...more]);
  const gateway = await startGateway(oneUpstream(backend.url, { route: `incoming: ${incoming}` }));
  const ask = (origin: string | undefined, method = 'GET', headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/api/x`, {
      method,
      headers: origin === undefined ? headers : { origin, ...headers },
    });
  const preflight = (origin: string, method: string, headers: Record<string, string> = {}) =>
    ask(origin, 'OPTIONS', { 'access-control-request-method': method, ...headers });
  return { backend, gateway, ask, preflight };
}

const allowedOrigin = (response: Response) => response.headers.get('access-control-allow-origin');

describe('a route that pages of other origins may use', () => {
  it('answers their preflight itself, with the methods of the route', async () => {
    const { preflight, backend } = await shared({
      origins: ['https://shop.example'],
      credentials: true,
      maxAge: '1h',
    });
    const answer = await preflight('https://shop.example', 'PUT', {
      'access-control-request-headers': 'content-type,x-a',
    });
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe('');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'access-control-allow-origin': 'https://shop.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, HEAD',
      'access-control-allow-headers': 'content-type,x-a',
      'access-control-max-age': '3600',
    });
    expect(answer.headers.get('vary')).toContain('Origin');
    expect(answer.headers.get('vary')).toContain('Access-Control-Request-Headers');
    expect(backend.seen).toHaveLength(0);
  });

  it('refuses the preflight of others', async () => {
    const { preflight } = await shared({ origins: ['https://shop.example'] });
    const answer = await preflight('https://other.example', 'PUT');
    expect(answer.status).toBe(403);
    expect(allowedOrigin(answer)).toBeNull();
    await problemOf(answer);
  });

  it('has no preflight of a method that the path does not have, and no other OPTIONS', async () => {
    const { preflight, ask } = await shared({ origins: ['*'] });
    expect((await preflight('https://shop.example', 'OPTIONS')).status).toBe(405);
    expect((await ask('https://shop.example', 'OPTIONS')).status).toBe(405);
  });

  it('says so on its answers, in place of what the service says', async () => {
    const { ask } = await shared({
      origins: ['https://shop.example'],
      exposedHeaders: ['X-Total', 'X-Complete'],
    });
    const answer = await ask('https://shop.example');
    expect(allowedOrigin(answer)).toBe('https://shop.example');
    expect(answer.headers.get('access-control-expose-headers')).toBe('X-Total, X-Complete');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect(answer.headers.get('vary')).toBe('Accept-Encoding, Origin');
  });

  it('answers others too, who cannot read it in a page', async () => {
    const { ask } = await shared({ origins: ['https://shop.example'] });
    for (const origin of [undefined, 'https://other.example', 'null']) {
      const answer = await ask(origin);
      expect(answer.status).toBe(200);
      expect(allowedOrigin(answer)).toBeNull();
      expect(answer.headers.get('vary')).toContain('Origin');
    }
  });

  it('knows the subdomains of a wildcard, and what only looks like one', async () => {
    const { ask } = await shared({
      origins: ['https://*.shop.example:8443', 'http://localhost:5173'],
    });
    const allows = async (origin: string) => allowedOrigin(await ask(origin)) === origin;
    expect(await allows('https://a.shop.example:8443')).toBe(true);
    expect(await allows('https://a.b.shop.example:8443')).toBe(true);
    expect(await allows('http://localhost:5173')).toBe(true);
    for (const origin of [
      'https://shop.example:8443',
      'https://a.shop.example',
      'http://a.shop.example:8443',
      'https://evilshop.example:8443',
      'https://evil.test/.shop.example:8443',
      'https://evil.test?.shop.example:8443',
      'https://.shop.example:8443',
      'http://localhost:5174',
    ]) {
      expect([origin, await allows(origin)]).toEqual([origin, false]);
    }
  });

  it('may be open to all, without cookies', async () => {
    const { ask, preflight } = await shared({ origins: ['*'], allowedHeaders: ['X-A'] });
    const answer = await ask('https://any.example');
    expect(allowedOrigin(answer)).toBe('*');
    expect(answer.headers.get('vary')).toBe('Accept-Encoding');
    expect(allowedOrigin(await ask(undefined))).toBe('*');
    const asked = { 'access-control-request-headers': 'x-a,x-b' };
    const first = await preflight('https://any.example', 'DELETE', asked);
    expect(first.headers.get('access-control-allow-headers')).toBe('X-A');
    await expect(shared({ origins: ['*'], credentials: true })).rejects.toThrow('list the origins');
  });

  it("lets a page read the gateway's own errors, and asks no preflight for more", async () => {
    const { ask, preflight } = await shared({ origins: ['https://shop.example'] }, [
      { rateLimit: { limit: 1 } },
    ]);
    await preflight('https://shop.example', 'GET');
    expect((await ask('https://shop.example')).status).toBe(200);
    const refused = await ask('https://shop.example');
    expect(refused.status).toBe(429);
    expect(allowedOrigin(refused)).toBe('https://shop.example');
    expect((await preflight('https://shop.example', 'GET')).status).toBe(204);
  });

  it('is refused after a filter that would refuse every preflight', async () => {
    const route = `incoming: [{ authorize: { roles: [a] } }, { cors: { origins: ['*'] } }]`;
    await expect(startGateway(oneUpstream('http://localhost:1', { route }))).rejects.toThrow(
      'list cors before authorize',
    );
  });

  it('is not made of what is no origin', async () => {
    for (const origin of [
      'shop.example',
      'https://shop.example/',
      'https://*',
      'ftp://a.example',
    ]) {
      await expect(shared({ origins: [origin] })).rejects.toThrow('is no origin');
    }
  });
});
