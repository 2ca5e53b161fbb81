import { SignJWT, UnsecuredJWT, exportSPKI, importJWK } from 'jose';
import type { CryptoKey } from 'jose';
import { describe, expect, it } from 'vitest';
import { startBackend } from './support/backend.ts';
import { oneUpstream, problemOf, sendRaw, startGateway } from './support/gateway.ts';
import { AUDIENCE, startIssuer } from './support/issuer.ts';
import type { Issuer } from './support/issuer.ts';

async function guarded(
  issuer: Issuer,
  options: Record<string, unknown> = {},
  more: readonly unknown[] = [],
) {
  const backend = await startBackend();
  const authenticate = {
    issuer: issuer.name,
    jwks: issuer.jwksUrl,
    audience: AUDIENCE,
    keysCooldown: '0ms',
    ...options,
  };
  const incoming = JSON.stringify([{ authenticate }, ...more]);
  const gateway = await startGateway(oneUpstream(backend.url, { route: `incoming: ${incoming}` }));
  const ask = (authorization?: string, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/api/x`, {
      headers: authorization === undefined ? headers : { authorization, ...headers },
    });
  const status = async (authorization?: string) => {
    const response = await ask(authorization);
    await response.arrayBuffer();
    return response.status;
  };
  const decisions = async (outcome: string) =>
    (await gateway.metric('gateway_decisions_total', { decider: 'authenticate', outcome })) ?? 0;
  return { backend, gateway, ask, status, decisions };
}

describe('a route that asks for a token', () => {
  it('answers 401 without one, and says how to come back', async () => {
    const { ask, status, backend } = await guarded(await startIssuer());
    const refused = await ask();
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="api"');
    expect(await problemOf(refused)).toMatchObject({
      type: 'urn:woodytoys:problem:WT-UNAUTHENTICATED',
    });
    expect(await status('Basic dXNlcjpwYXNz')).toBe(401);
    expect(await status('Bearer')).toBe(401);
    expect(backend.seen).toHaveLength(0);
  });

  for (const algorithm of ['RS256', 'ES256', 'EdDSA']) {
    it(`lets a token signed by ${algorithm} pass, and tells the service who it is`, async () => {
      const issuer = await startIssuer();
      const signer = await issuer.addKey(algorithm);
      const { ask, backend, decisions } = await guarded(issuer, {
        headers: { 'x-user-roles': 'realm.roles', 'x-user-name': 'name', 'x-user-none': 'none' },
      });
      const token = await signer.token({ realm: { roles: ['buyer', 'clerk'] }, name: 'Zoë' });
      for (let round = 0; round < 3; round += 1) {
        const passed = await ask(`Bearer ${token}`, { 'x-user-id': '7', 'x-user-admin': 'yes' });
        expect(passed.status).toBe(200);
        await passed.arrayBuffer();
      }
      for (const { headers } of backend.seen) {
        expect(headers).toMatchObject({
          'x-user-id': '1',
          'x-user-roles': 'buyer,clerk',
          'x-user-name': 'Zo%C3%AB',
          authorization: `Bearer ${token}`,
        });
        expect(headers).not.toHaveProperty('x-user-admin');
        expect(headers).not.toHaveProperty('x-user-none');
      }
      expect(issuer.fetches).toBe(1);
      expect(await decisions('verified')).toBe(1);
      expect(await decisions('known')).toBe(2);
    });
  }

  it('lets a token without the name of its key pass when one of the keys is its own', async () => {
    const issuer = await startIssuer();
    await issuer.addKey('ES256');
    const signer = await issuer.addKey('ES256');
    const stranger = await issuer.addKey('ES256', { publish: false });
    const { status } = await guarded(issuer);
    expect(await status(`Bearer ${await signer.token({}, { kid: undefined })}`)).toBe(200);
    expect(await status(`Bearer ${await stranger.token({}, { kid: undefined })}`)).toBe(401);
  });

  const now = () => Math.floor(Date.now() / 1000);
  const wrong: Record<string, (issuer: Issuer) => Promise<string>> = {
    'has expired': async (issuer) => (await issuer.addKey('ES256')).token({ exp: now() - 60 }),
    'is not valid yet': async (issuer) => (await issuer.addKey('ES256')).token({ nbf: now() + 60 }),
    'is not for here by its claim iss': async (issuer) =>
      (await issuer.addKey('ES256')).token({ iss: 'https://other.test' }),
    'is not for here by its claim aud': async (issuer) =>
      (await issuer.addKey('ES256')).token({ aud: 'others' }),
    'has no claim aud': async (issuer) => (await issuer.addKey('ES256')).token({ aud: undefined }),
    'has no claim exp': async (issuer) => (await issuer.addKey('ES256')).token({ exp: undefined }),
    'has no claim sub': async (issuer) => (await issuer.addKey('ES256')).token({ sub: undefined }),
    'has no claim tenant': async (issuer) =>
      (await issuer.addKey('ES256')).token({ tenant: undefined }),
    'has a wrong signature': async (issuer) => {
      await issuer.addKey('ES256', { kid: 'same' });
      return (await issuer.addKey('ES256', { kid: 'same', publish: false })).token();
    },
    'has a key that its issuer does not have': async (issuer) =>
      (await issuer.addKey('ES256', { publish: false })).token(),
    'is signed by an algorithm not taken here': async (issuer) =>
      (await issuer.addKey('ES384')).token(),
    'is not a signed JWT': async () => 'abc',
  };
  for (const [what, tokenOf] of Object.entries(wrong)) {
    it(`answers 401 for a token that ${what}, each time`, async () => {
      const issuer = await startIssuer();
      const token = await tokenOf(issuer);
      const { ask, backend } = await guarded(
        issuer,
        what.endsWith('tenant') ? { claims: ['tenant'] } : {},
      );
      for (let round = 0; round < 3; round += 1) {
        const refused = await ask(`Bearer ${token}`);
        expect(refused.status).toBe(401);
        expect(refused.headers.get('www-authenticate')).toBe(
          `Bearer realm="api", error="invalid_token", error_description="The token ${what}"`,
        );
        await problemOf(refused);
      }
      expect(backend.seen).toHaveLength(0);
    });
  }

  it('takes no unsigned token, and none signed with the public key as a secret', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('RS256');
    const { status } = await guarded(issuer);
    const claims = { iss: issuer.name, aud: AUDIENCE, sub: '1' };
    const unsigned = new UnsecuredJWT(claims).setExpirationTime('5m').encode();
    expect(await status(`Bearer ${unsigned}`)).toBe(401);
    const publicKey = (await importJWK(issuer.keys[0] as never, 'RS256', {
      extractable: true,
    })) as CryptoKey;
    const secret = new TextEncoder().encode(await exportSPKI(publicKey));
    const confused = await new SignJWT(claims)
      .setExpirationTime('5m')
      .setProtectedHeader({ alg: 'HS256', kid: signer.kid })
      .sign(secret);
    expect(await status(`Bearer ${confused}`)).toBe(401);
    expect(await status(`Bearer ${await signer.token()}`)).toBe(200);
  });

  it('cannot be configured to take shared secrets', async () => {
    for (const algorithm of ['HS256', 'none']) {
      await expect(guarded(await startIssuer(), { algorithms: [algorithm] })).rejects.toThrow(
        'algorithms',
      );
    }
  });

  it('forgets a token when it expires', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    const { status } = await guarded(issuer, { tolerance: '0ms' });
    const token = await signer.token({ exp: now() + 3 });
    expect(await status(`Bearer ${token}`)).toBe(200);
    await expect
      .poll(() => status(`Bearer ${token}`), { timeout: 10_000, interval: 200 })
      .toBe(401);
  });

  it('follows the issuer to new keys, and lets go of tokens of old ones', async () => {
    const issuer = await startIssuer();
    const old = await issuer.addKey('ES256');
    const { status } = await guarded(issuer, { cache: '500ms' });
    const oldToken = `Bearer ${await old.token()}`;
    expect(await status(oldToken)).toBe(200);
    issuer.keys.length = 0;
    const next = await issuer.addKey('ES256');
    expect(await status(`Bearer ${await next.token()}`)).toBe(200);
    await expect.poll(() => status(oldToken), { timeout: 10_000, interval: 100 }).toBe(401);
  });

  it('remembers a token as it is usually sent, and not in every other spelling', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    const { status, decisions } = await guarded(issuer, {});
    const token = await signer.token();
    for (let round = 0; round < 2; round += 1) {
      expect(await status(`Bearer ${token}`)).toBe(200);
      expect(await status(`Bearer   ${token}`)).toBe(200);
    }
    expect(await decisions('known')).toBe(1);
    expect(await decisions('verified')).toBe(3);
  });

  it('has keys fetched for tokens of unknown keys no more often than the cool-down', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    const { status } = await guarded(issuer, { keysCooldown: '1h' });
    expect(await status(`Bearer ${await signer.token()}`)).toBe(200);
    for (let round = 0; round < 20; round += 1) {
      const token = await signer.token({}, { kid: `unknown-${round}` });
      expect(await status(`Bearer ${token}`)).toBe(401);
    }
    expect(issuer.fetches).toBe(1);
  });

  it('verifies a token once that comes many times at once', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('RS256');
    issuer.delayMs = 300;
    const { status, decisions } = await guarded(issuer);
    const token = await signer.token();
    const all = await Promise.all(Array.from({ length: 40 }, () => status(`Bearer ${token}`)));
    expect(all).toEqual(Array.from({ length: 40 }, () => 200));
    expect(issuer.fetches).toBe(1);
    expect(await decisions('verified')).toBe(1);
  });

  it('answers 503 while the keys cannot be had, and goes on with those that it has', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    await issuer.stop();
    const { ask, status, gateway } = await guarded(issuer, { keysMaxAge: '1ms' });
    const token = `Bearer ${await signer.token()}`;
    const refused = await ask(token);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    await problemOf(refused);
    await issuer.start();
    await expect.poll(() => status(token), { timeout: 10_000, interval: 100 }).toBe(200);
    await issuer.stop();
    expect(await status(token)).toBe(200);
    // Another token, of a key that is known.
    expect(await status(`Bearer ${await signer.token({ sub: '2' })}`)).toBe(200);
    // Whether this one's key was published meanwhile cannot be told.
    expect(await status(`Bearer ${await signer.token({}, { kid: 'new' })}`)).toBe(503);
    const warnings = gateway.log.lines.filter(({ msg }) => msg.includes('cannot be fetched'));
    expect(warnings).toHaveLength(2);
  });

  it('refuses two tokens in one request', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    const { gateway, backend } = await guarded(issuer);
    const token = await signer.token();
    const answer = await sendRaw(
      gateway.port,
      `GET /api/x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer other\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(backend.seen).toHaveLength(0);
  });

  it('lets who has none pass when it is optional, but no bad one', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    const { ask, status, backend } = await guarded(issuer, { optional: true });
    await (await ask(undefined, { 'x-user-id': '7' })).arrayBuffer();
    expect(backend.seen[0]?.headers).not.toHaveProperty('x-user-id');
    expect(await status(`Bearer ${await signer.token()}`)).toBe(200);
    expect(backend.seen[1]?.headers).toHaveProperty('x-user-id', '1');
    expect(await status('Bearer abc')).toBe(401);
  });

  it('may count its rate limit by subject', async () => {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    const { status } = await guarded(issuer, {}, [{ rateLimit: { limit: 1, key: 'subject' } }]);
    const as = async (sub: string) => status(`Bearer ${await signer.token({ sub })}`);
    expect([await as('1'), await as('1'), await as('2'), await as('2')]).toEqual([
      200, 429, 200, 429,
    ]);
  });
});

describe('a route that asks for more than a token', () => {
  async function allowedWith(options: Record<string, unknown>) {
    const issuer = await startIssuer();
    const signer = await issuer.addKey('ES256');
    const { ask } = await guarded(issuer, { optional: true }, [{ authorize: options }]);
    return async (claims: Record<string, unknown> | undefined) => {
      const response = await ask(
        claims === undefined ? undefined : `Bearer ${await signer.token(claims)}`,
      );
      const body = (await response.json()) as { detail?: string };
      const challenge = response.headers.get('www-authenticate');
      return { status: response.status, detail: body.detail, challenge };
    };
  }

  it('answers 403 with what the token lacks', async () => {
    const ask = await allowedWith({ scopes: ['toys:read', 'toys:write'], roles: ['clerk'] });
    expect(await ask({ scope: 'toys:read toys:write', roles: ['clerk'] })).toMatchObject({
      status: 200,
    });
    expect(await ask({ scp: ['toys:read', 'toys:write'], roles: 'clerk' })).toMatchObject({
      status: 200,
    });
    expect(await ask({ scope: 'toys:read' })).toEqual({
      status: 403,
      detail: 'The token lacks: scope toys:write, role clerk.',
      challenge: 'Bearer realm="api", error="insufficient_scope", scope="toys:read toys:write"',
    });
    // A scope is a word of the list, not a part of one.
    expect(await ask({ scope: 'toys:read toys:write2', roles: ['clerk'] })).toMatchObject({
      status: 403,
    });
  });

  it('is content with any of it when told so', async () => {
    const ask = await allowedWith({ scopes: ['a'], roles: ['b'], match: 'any' });
    expect(await ask({ roles: ['b'] })).toMatchObject({ status: 200 });
    expect(await ask({ scope: 'a' })).toMatchObject({ status: 200 });
    expect(await ask({ scope: 'c' })).toMatchObject({
      status: 403,
      detail: 'The token has none of: scope a, role b.',
    });
  });

  it('looks at nested claims and their values', async () => {
    const ask = await allowedWith({
      claims: { 'tenant.name': ['north', 'south'], verified: true },
      roles: ['clerk'],
      rolesClaim: 'realm_access.roles',
    });
    const good = {
      tenant: { name: 'south' },
      verified: true,
      realm_access: { roles: ['x', 'clerk'] },
    };
    expect(await ask(good)).toMatchObject({ status: 200 });
    expect(await ask({ ...good, tenant: { name: 'east' } })).toMatchObject({ status: 403 });
    expect(await ask({ ...good, verified: 'true' })).toMatchObject({ status: 403 });
    expect(await ask({ ...good, tenant: undefined })).toMatchObject({ status: 403 });
  });

  it('cannot be configured to ask for nothing', async () => {
    await expect(allowedWith({})).rejects.toThrow('give scopes, roles or claims to ask for');
  });

  it('asks who has no token for one', async () => {
    const ask = await allowedWith({ roles: ['clerk'] });
    expect(await ask(undefined)).toMatchObject({ status: 401, challenge: 'Bearer realm="api"' });
  });
});
