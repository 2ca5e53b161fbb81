import { describe, expect, it } from 'vitest';
import { startBackend } from './support/backend.ts';
import { oneUpstream, problemOf, startGateway } from './support/gateway.ts';

async function filtered(options: Record<string, unknown>) {
  const backend = await startBackend();
  const route = `incoming: [{ ipFilter: ${JSON.stringify(options)} }]`;
  const gateway = await startGateway(oneUpstream(backend.url, { route }), { trustedProxies: 1 });
  return async (address: string) => {
    const headers = { 'x-forwarded-for': address };
    const response = await fetch(`${gateway.url}/api/x`, { headers });
    if (response.status === 403) {
      expect(await problemOf(response)).toMatchObject({
        type: 'urn:woodytoys:problem:WT-FORBIDDEN',
      });
    } else await response.arrayBuffer();
    return response.status;
  };
}

describe('a filter of addresses', () => {
  it('lets only those pass that it allows', async () => {
    const ask = await filtered({ allow: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'] });
    expect(await ask('10.255.0.1')).toBe(200);
    expect(await ask('11.0.0.1')).toBe(403);
    expect(await ask('192.0.2.7')).toBe(200);
    expect(await ask('192.0.2.8')).toBe(403);
    expect(await ask('2001:db8:1::1')).toBe(200);
    expect(await ask('2001:db9::1')).toBe(403);
    // The same twice, from what is remembered.
    expect(await ask('11.0.0.1')).toBe(403);
    expect(await ask('10.255.0.1')).toBe(200);
  });

  it('refuses those that it denies, also of those that it allows', async () => {
    const ask = await filtered({ allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] });
    expect(await ask('10.0.0.1')).toBe(200);
    expect(await ask('10.1.0.1')).toBe(403);
  });

  it('looks through the ways of writing an address', async () => {
    const ask = await filtered({ deny: ['10.1.0.0/16', '2001:db8::1'] });
    expect(await ask('10.2.0.1')).toBe(200);
    expect(await ask('::ffff:10.1.0.1')).toBe(403);
    expect(await ask('::FFFF:10.1.0.1')).toBe(403);
    expect(await ask('::ffff:a01:1')).toBe(403);
    expect(await ask('2001:0db8:0:0::1')).toBe(403);
  });

  it('refuses what is no address', async () => {
    const ask = await filtered({ deny: ['10.1.0.0/16'] });
    expect(await ask('1.2.3')).toBe(403);
    expect(await ask('999.1.1.1')).toBe(403);
  });

  for (const entry of [
    '10.0.0.0/33',
    '10.0.0/8',
    'example.com',
    '::/129',
    '10.0.0.0/8/8',
    '1.1.1.1/',
  ]) {
    it(`is not made of ${entry}`, async () => {
      await expect(filtered({ deny: [entry] })).rejects.toThrow('is no address and no network');
    });
  }
});
