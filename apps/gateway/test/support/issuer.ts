import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { onTestFinished } from 'vitest';

export const AUDIENCE = 'toys';

/** A token issuer with its keys over HTTP. */
export interface Issuer {
  readonly name: string;
  readonly jwksUrl: string;
  /** How often the keys were asked for. */
  readonly fetches: number;
  /** The public keys that it publishes now. */
  readonly keys: JWK[];
  /** Milliseconds before the keys are answered. */
  delayMs: number;
  /** Signs with a key that it publishes from now on, unless told to keep it back. */
  addKey(algorithm: string, options?: { kid?: string; publish?: boolean }): Promise<Signer>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface Signer {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** A token for user 1 that is valid for 5 minutes, with these claims over it. */
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
}

export async function startIssuer(): Promise<Issuer> {
  const keys: JWK[] = [];
  let fetches = 0;
  let port = 0;
  let server = createServer();
  let number = 0;
  const issuer = {
    name: 'https://issuer.test',
    delayMs: 0,
    keys,
    get fetches() {
      return fetches;
    },
    get jwksUrl() {
      return `http://127.0.0.1:${port}/jwks`;
    },
    async start() {
      server = createServer((_request, response) => {
        fetches += 1;
        setTimeout(() => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ keys }));
        }, issuer.delayMs);
      });
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
    },
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
    async addKey(algorithm: string, { kid = `key-${(number += 1)}`, publish = true } = {}) {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
      if (publish) keys.push({ ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' });
      return {
        kid,
        privateKey,
        token: (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
          new SignJWT({
            iss: issuer.name,
            aud: AUDIENCE,
            sub: '1',
            exp: Math.floor(Date.now() / 1000) + 300,
            ...claims,
          })
            .setProtectedHeader({ alg: algorithm, kid, ...header })
            .sign(privateKey),
      };
    },
  };
  await issuer.start();
  onTestFinished(() => issuer.stop());
  return issuer;
}
