import { describe, expect, it } from 'vitest';
import { problemOf } from './support/gateway.ts';
import { startRoute } from './support/shaping.ts';

const route = { path: '/search', incoming: ['formToQuery'] };

describe('formToQuery', () => {
  it('makes a URL-encoded form into the query of a GET', async () => {
    const { backend, gateway } = await startRoute(route);
    await fetch(`${gateway.url}/search?lang=fr`, {
      method: 'POST',
      body: new URLSearchParams([
        ['q', 'a&b=c #é'],
        ['q', 'second'],
      ]),
    });
    const [seen] = backend.seen;
    expect(seen).toMatchObject({
      method: 'GET',
      url: '/search?lang=fr&q=a%26b%3Dc+%23%C3%A9&q=second',
      body: '',
    });
    expect(seen?.headers).not.toHaveProperty('content-type');
    expect(seen?.headers).not.toHaveProperty('content-length');
    const labels = { decider: 'formToQuery', outcome: 'converted' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it('takes another method when told', async () => {
    const { backend, gateway } = await startRoute({
      ...route,
      incoming: [{ formToQuery: { method: 'DELETE' } }],
    });
    await fetch(`${gateway.url}/search`, {
      method: 'POST',
      body: new URLSearchParams({ id: '1' }),
    });
    expect(backend.seen[0]).toMatchObject({ method: 'DELETE', url: '/search?id=1' });
  });

  it('makes the text fields of a multipart form into the query', async () => {
    const { backend, gateway } = await startRoute(route);
    const form = new FormData();
    form.set('q', 'line 1\r\nline 2');
    await fetch(`${gateway.url}/search`, { method: 'POST', body: form });
    expect(backend.seen[0]?.url).toBe('/search?q=line+1%0D%0Aline+2');
  });

  it('passes what is no form unchanged, warns once and counts each', async () => {
    const { backend, gateway } = await startRoute(route);
    const bodies: RequestInit[] = [
      { headers: { 'content-type': 'application/json' }, body: '{"q":1}' },
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-16' },
        body: 'q=1',
      },
      {
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'content-encoding': 'gzip',
        },
        body: 'q=1',
      },
    ];
    for (const init of bodies) await fetch(`${gateway.url}/search`, { method: 'POST', ...init });
    const file = new FormData();
    file.set('f', new Blob(['content']), 'a.txt');
    await fetch(`${gateway.url}/search`, { method: 'POST', body: file });
    expect(backend.seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST']);
    expect(backend.seen[0]?.body).toBe('{"q":1}');
    expect(backend.seen[3]?.body).toContain('content');
    const warnings = gateway.log.lines.filter(({ level }) => level === 40);
    expect(warnings).toHaveLength(1);
    const labels = { decider: 'formToQuery', outcome: 'unsupported' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(4);
  });

  it('leaves a request without a body as it is', async () => {
    const { backend, gateway } = await startRoute(route);
    await fetch(`${gateway.url}/search?q=1`);
    expect(backend.seen[0]).toMatchObject({ method: 'GET', url: '/search?q=1' });
    const labels = { decider: 'formToQuery', outcome: 'no-body' };
    expect(await gateway.metric('gateway_decisions_total', labels)).toBe(1);
  });

  it.each([
    [
      'a query that would be too long',
      'application/x-www-form-urlencoded',
      `q=${'x'.repeat(9_000)}`,
      413,
    ],
    [
      'a body over the limit of the route',
      'application/x-www-form-urlencoded',
      'x'.repeat(100_001),
      413,
    ],
    ['a multipart form that breaks off', 'multipart/form-data; boundary=x', '--x\r\nContent-', 400],
    ['a multipart form without boundary', 'multipart/form-data', '--x--', 400],
  ])('refuses %s', async (_name, type, body, status) => {
    const { backend, gateway } = await startRoute(route);
    const response = await fetch(`${gateway.url}/search`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(response.status).toBe(status);
    await problemOf(response);
    expect(backend.seen).toHaveLength(0);
  });
});
