import type { Database } from '@woodytoys/database';
import { problem } from '@woodytoys/service';
import type { Handlers } from '@woodytoys/service';
import type { operations } from './contract.ts';
import { selectCredentials } from './credentials-repository.ts';
import { hashPassword, isPassword } from './passwords.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { TokenIssuer } from './tokens.ts';

export interface LogInDependencies {
  readonly database: Database;
  readonly keys: SigningKeys;
  readonly tokens: TokenIssuer;
}

/** The operations by which a user proves who he is. */
export function createLogIn({
  database,
  keys,
  tokens,
}: LogInDependencies): Pick<Handlers<operations>, 'logIn' | 'getKeys'> {
  /** Compared with where there is no account, so that the time of an answer does not tell that. */
  let nobodys: Promise<string> | undefined;

  return {
    logIn: async ({ body: { username, password } }) => {
      const found = await selectCredentials(database, username);
      const kept = found?.passwordHash ?? (await (nobodys ??= hashPassword('nobody has it')));
      const right = await isPassword(password, kept);
      if (found === undefined || !right) {
        throw problem('WT-UNAUTHENTICATED', 'The username or the password is not right.');
      }
      const { userId: id } = found;
      const { token, expiresInSeconds } = await tokens.issue({ id, username });
      return {
        status: 200,
        headers: { 'Cache-Control': 'no-store' },
        body: { token, tokenType: 'Bearer', expiresIn: expiresInSeconds },
      };
    },

    getKeys: async () => ({
      status: 200,
      headers: { 'Cache-Control': 'public, max-age=300' },
      body: (await keys.published()) as { keys: Record<string, string>[] },
    }),
  };
}
