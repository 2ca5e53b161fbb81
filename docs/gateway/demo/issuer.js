// @ts-check
/**
 * An issuer of tokens to try `authenticate` with, and nothing else: it gives one to whoever asks.
 *
 *   node docs/gateway/demo/issuer.js          on http://127.0.0.1:9002
 *   curl '127.0.0.1:9002/token?sub=7&scope=orders:write'
 *
 * Its key is made anew at each start; `/jwks` publishes it.
 */
import { createServer } from 'node:http';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

const port = 9002;
const issuer = `http://127.0.0.1:${port}`;
const { publicKey, privateKey } = await generateKeyPair('ES256');
const keys = [{ ...(await exportJWK(publicKey)), kid: 'demo', alg: 'ES256', use: 'sig' }];

/** A token for the API of the example, valid for an hour. @param {URLSearchParams} claims */
function token(claims) {
  return new SignJWT({ sub: '1', ...Object.fromEntries(claims) })
    .setProtectedHeader({ alg: 'ES256', kid: 'demo' })
    .setIssuer(issuer)
    .setAudience('shop')
    .setExpirationTime('1h')
    .sign(privateKey);
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', issuer);
  response.setHeader('content-type', pathname === '/jwks' ? 'application/json' : 'text/plain');
  response.end(pathname === '/jwks' ? JSON.stringify({ keys }) : await token(searchParams));
}).listen(port, '127.0.0.1', () => process.stdout.write(`issuer ${issuer}\n`));
