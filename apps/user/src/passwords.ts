import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(argon2);

/**
 * What OWASP's password storage cheat sheet advises for argon2id: 19 MiB, two passes, one lane. It
 * takes some 30 ms of a core, on a thread of its own.
 */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

const PHC =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{16,88})$/;

/** A password as it is kept, a PHC string; `salt` is random unless given. */
export async function hashPassword(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
): Promise<string> {
  const hash = await derived(password, salt, HASH_BYTES, COST);
  const { memory, passes, parallelism } = COST;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(hash)}`;
}

/**
 * Whether `kept` was made of this password, at whatever cost it was made.
 * @throws Error when it is no hash of argon2id (rejection).
 */
export async function isPassword(password: string, kept: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, hash] = PHC.exec(kept) ?? [];
  if (salt === undefined || hash === undefined) {
    throw new Error('The password hash that is kept is not one of argon2id.');
  }
  const expected = Buffer.from(hash, 'base64');
  const found = await derived(password, Buffer.from(salt, 'base64'), expected.length, {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return timingSafeEqual(found, expected);
}

function derived(
  password: string,
  nonce: Buffer,
  tagLength: number,
  cost: { readonly memory: number; readonly passes: number; readonly parallelism: number },
): Promise<Buffer> {
  // The same password may be typed as one character or as two (RFC 8265).
  const message = Buffer.from(password.normalize('NFC'));
  return derive('argon2id', { message, nonce, tagLength, ...cost });
}

/** Base64 as PHC strings have it: without `=`. */
function text(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
