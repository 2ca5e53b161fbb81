import { createHash } from 'node:crypto';

/** A Redis key is kept in memory with its entry, and a key may come from a URL. */
const longestKey = 128;

/** Marks digests; keys that begin with it are digested too, so that none can pose as a digest. */
const digestMark = '#';

/**
 * The key itself where it is short, else its SHA-256: at most 128 characters, and different for
 * different keys (lone surrogates included, which UTF-8 would fold into one character).
 */
export function boundedKey(key: string): string {
  if (key.length <= longestKey && key[0] !== digestMark && key.isWellFormed()) return key;
  return digestMark + createHash('sha256').update(Buffer.from(key, 'utf16le')).digest('base64url');
}

/** Throws RangeError unless the name can stand in a Redis key without a separator in it. */
export function checkNamespaceName(name: string): void {
  if (/^[a-z][a-z0-9-]{0,63}$/.test(name)) return;
  throw new RangeError(
    `The cache namespace ${JSON.stringify(name)} is not a name: ` +
      'use 1 to 64 lower-case letters, digits and hyphens, a letter first.',
  );
}
