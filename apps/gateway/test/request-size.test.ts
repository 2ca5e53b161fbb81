import { describe, expect, it } from 'vitest';
import { startBackend } from './support/backend.ts';
import { oneUpstream, problemOf, sendRaw, startGateway } from './support/gateway.ts';

async function limited(options: Record<string, unknown>) {
  const backend = await startBackend();
  const route = `incoming: [{ requestSize: ${JSON.stringify(options)} }]`;
  const gateway = await startGateway(oneUpstream(backend.url, { route }));
  return { backend, gateway, url: `${gateway.url}/api/x` };
}

describe('a limit on the size of requests', () => {
  it('refuses a body that says it is larger, and none of the limit', async () => {
    const { url, backend } = await limited({ body: '1kB' });
    const refused = await fetch(url, { method: 'POST', body: 'x'.repeat(1_001) });
    expect(refused.status).toBe(413);
    expect(await problemOf(refused)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-BODY-TOO-LARGE',
    });
    expect(backend.seen).toHaveLength(0);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(1_000) })).status).toBe(200);
  });

  it('refuses a chunked body when it has become larger', async () => {
    const { gateway, backend } = await limited({ body: '1kB' });
    const head = 'POST /api/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `1f4\r\n${'x'.repeat(500)}\r\n`;
    const answer = await sendRaw(gateway.port, `${head}${chunk.repeat(3)}0\r\n\r\n`, {
      untilText: 'WT-BODY-TOO-LARGE',
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(backend.seen).toHaveLength(0);
    const whole = await sendRaw(gateway.port, `${head}${chunk.repeat(2)}0\r\n\r\n`, {
      untilText: '"body"',
    });
    expect(whole).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("leaves the route's own limit in place", async () => {
    const { url } = await limited({ body: '1MB' });
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(200_000) })).status).toBe(413);
  });

  it('refuses headers that are larger together', async () => {
    const { url, backend } = await limited({ headers: '2kB' });
    expect((await fetch(url, { headers: { 'x-a': 'x'.repeat(1_000) } })).status).toBe(200);
    const refused = await fetch(url, {
      headers: { 'x-a': 'x'.repeat(1_000), 'x-b': 'x'.repeat(1_000) },
    });
    expect(refused.status).toBe(431);
    await problemOf(refused);
    expect(backend.seen).toHaveLength(1);
  });

  it('refuses a longer query', async () => {
    const { url, backend } = await limited({ query: '100B' });
    expect((await fetch(`${url}?${'q'.repeat(99)}`)).status).toBe(200);
    const refused = await fetch(`${url}?${'q'.repeat(100)}`);
    expect(refused.status).toBe(414);
    await problemOf(refused);
    expect(backend.seen).toHaveLength(1);
  });
});
