import { describe, expect, it } from 'vitest';
import { startGateway } from './support/gateway.ts';

async function startReply(path: string, reply: Record<string, unknown>) {
  const config = { upstreams: {}, routes: [{ path, methods: ['GET'], endpoint: { reply } }] };
  return startGateway(JSON.stringify(config));
}

describe('reply', () => {
  it('answers status, headers and JSON as written, with the values of the request', async () => {
    const gateway = await startReply('/shops/{id}', {
      status: 410,
      headers: { 'X-Shop': '{path.id}', 'x-absent': '{query.none?}' },
      json: { gone: '{path.id:integer}', by: '{query.by|nobody}' },
    });
    const response = await fetch(`${gateway.url}/shops/7?by=a"b`);
    expect(response.status).toBe(410);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-shop')).toBe('7');
    expect(response.headers.has('x-absent')).toBe(false);
    expect(await response.json()).toEqual({ gone: 7, by: 'a"b' });
    const labels = { decider: 'reply', outcome: 'replied' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('answers HEAD with the length and no body', async () => {
    const gateway = await startReply('/x', { text: 'hello' });
    const response = await fetch(`${gateway.url}/x`, { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('5');
    expect(await response.text()).toBe('');
  });

  it('answers text that no browser takes for a page, and escapes values in HTML', async () => {
    const script = '<script>"x"</script>';
    const query = `?name=${encodeURIComponent(script)}`;
    const text = await startReply('/x', { text: 'Hello {query.name}' });
    const plain = await fetch(`${text.url}/x${query}`);
    expect(plain.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(plain.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await plain.text()).toBe(`Hello ${script}`);

    const page = await startReply('/x', {
      headers: { 'Content-Type': 'text/html; charset=utf-8' },
      text: '<p>{query.name}</p>',
    });
    const html = await fetch(`${page.url}/x${query}`);
    expect(await html.text()).toBe('<p>&lt;script&gt;&quot;x&quot;&lt;/script&gt;</p>');
  });

  it('redirects, and lets no value lead to another host or another part of the URL', async () => {
    const gateway = await startReply('/old/*', {
      status: 308,
      headers: { location: '/{path.*}?from={query.from|none}' },
    });
    const ask = (path: string) => fetch(gateway.url + path, { redirect: 'manual' });
    const response = await ask('/old/a/b%20c?from=x%26y%3D1%0D%0A');
    expect(response.status).toBe(308);
    expect(response.headers.get('location')).toBe('/a/b%20c?from=x%26y%3D1%0D%0A');
    expect((await ask('/old//evil.example/')).status).toBe(400);
    expect((await ask('/old/%5Cevil.example/')).status).toBe(400);
  });

  it('answers a status alone', async () => {
    const gateway = await startReply('/x', { status: 204 });
    const response = await fetch(`${gateway.url}/x`);
    expect(response.status).toBe(204);
    expect(response.headers.get('content-type')).toBeNull();
  });

  it('refuses a body where the status has none', async () => {
    await expect(startReply('/x', { status: 304, text: 'x' })).rejects.toThrow('has no body');
  });
});
