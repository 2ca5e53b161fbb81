import { SignJWT } from 'jose';
import { ALGORITHM } from './signing-keys.ts';
import type { SigningKeys } from './signing-keys.ts';

/** Who the tokens are from and for: the claims `iss` and `aud`. */
export const TOKEN_ISSUER = 'woodytoys';
export const TOKEN_AUDIENCE = 'woodytoys';

/** Short, since a token cannot be taken back. */
const LIFETIME_SECONDS = 900;

export interface IssuedToken {
  /** A JWT signed with ES256. */
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** Makes access tokens; what OAuth 2.0 proper will stand behind. */
export interface TokenIssuer {
  issue(user: { readonly id: number; readonly username: string }): Promise<IssuedToken>;
}

/** @param now milliseconds since 1970 */
export function createTokenIssuer(keys: SigningKeys, now: () => number): TokenIssuer {
  return {
    async issue({ id, username }) {
      const { id: kid, privateKey } = await keys.current();
      const issuedAt = Math.floor(now() / 1000);
      const token = await new SignJWT({ preferred_username: username })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
        .setIssuer(TOKEN_ISSUER)
        .setAudience(TOKEN_AUDIENCE)
        .setSubject(String(id))
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + LIFETIME_SECONDS)
        .sign(privateKey);
      return { token, expiresInSeconds: LIFETIME_SECONDS };
    },
  };
}
