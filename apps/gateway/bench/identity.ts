import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

/** An issuer of tokens that exists as long as the bench. */
export interface Identity {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** Bearer tokens of as many users. */
  readonly tokens: readonly string[];
  close(): void;
}

const AUDIENCE = 'bench';
/** Longer than any bench. */
const LIFETIME = '12h';

/** Serves a JWKS, and signs a token (RS256) for each of `users`. */
export async function createIdentity(users: number): Promise<Identity> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
  const document = JSON.stringify({ keys: [jwk] });
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(document);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = (_: unknown, user: number) =>
    new SignJWT({ scope: 'items:read' })
      .setProtectedHeader({ alg: 'RS256', kid: 'bench', typ: 'JWT' })
      .setIssuer(issuer)
      .setAudience(AUDIENCE)
      .setSubject(`user-${user + 1}`)
      .setIssuedAt()
      .setExpirationTime(LIFETIME)
      .sign(privateKey);
  return {
    issuer,
    audience: AUDIENCE,
    jwksUrl: `${issuer}/jwks`,
    tokens: await Promise.all(Array.from({ length: users }, token)),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
