import type { Database, Queryable, Statement } from '@woodytoys/database';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/** Of the tokens, as their header tells it. */
export const ALGORITHM = 'ES256';

/** A new key takes over after so long. */
const ROTATION = '30 days';
/** A new key is published so long before it signs: whoever verifies keeps keys for ten minutes. */
const ANNOUNCED = '20 minutes';
/** A key that signs no more is published so much longer than any token lives. */
const KEPT = '1 day';
/** How long a replica may go on with the keys that it has read. */
const FRESH_MS = 60_000;

export interface SigningKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly id: string;
  readonly privateKey: CryptoKey;
}

/** The keys that tokens are signed with; they are the database's, so all replicas have the same. */
export interface SigningKeys {
  /** The one to sign with now. */
  current(): Promise<SigningKey>;
  /** All that a token may be signed with, as a JSON Web Key Set (RFC 7517). */
  published(): Promise<{ readonly keys: readonly JWK[] }>;
}

interface KeyRow {
  readonly privateJwk: JWK;
  /** Whether it may sign yet; the newest of those does. */
  readonly signs: boolean;
}

const usable: Statement = {
  name: 'signing-keys',
  text: `SELECT private_jwk AS "privateJwk",
      created_at <= now() - $1::interval OR generation = 1 AS signs
    FROM (SELECT *, lead(created_at) OVER (ORDER BY generation) AS succeeded_at
      FROM signing_keys) AS keys
    WHERE succeeded_at IS NULL OR succeeded_at > now() - $1::interval - $2::interval
    ORDER BY generation DESC`,
};

const due: Statement = {
  name: 'signing-key-due',
  text: `SELECT coalesce(max(generation), 0) + 1 AS generation FROM signing_keys
    HAVING coalesce(max(created_at) < now() - $1::interval, true)`,
};

const insert: Statement = {
  name: 'signing-key-insert',
  text: `INSERT INTO signing_keys (generation, private_jwk) VALUES ($1, $2)
    ON CONFLICT DO NOTHING`,
};

interface Keys {
  readonly readAt: number;
  readonly current: SigningKey;
  readonly published: readonly JWK[];
}

/** Reads the keys when they are asked for, and makes one when there is none or it is old. */
export function createSigningKeys(database: Database, now: () => number): SigningKeys {
  let reading: Promise<Keys> | undefined;
  let keys: Keys | undefined;

  async function read(): Promise<Keys> {
    await addKeyIfDue(database);
    const rows = await database.query<KeyRow>(usable, [ANNOUNCED, KEPT]);
    const signing = rows.find(({ signs }) => signs)?.privateJwk as JWK;
    return {
      readAt: now(),
      current: {
        id: signing.kid as string,
        privateKey: (await importJWK(signing, ALGORITHM)) as CryptoKey,
      },
      published: rows.map(({ privateJwk }) => publicPart(privateJwk)),
    };
  }

  async function fresh(): Promise<Keys> {
    if (keys !== undefined && now() - keys.readAt < FRESH_MS) return keys;
    // Many who ask at once are answered from one reading.
    reading ??= read().finally(() => (reading = undefined));
    return (keys = await reading);
  }

  return {
    current: async () => (await fresh()).current,
    published: async () => ({ keys: (await fresh()).published }),
  };
}

/** Of replicas that do it at once, one adds the key; the others find it. */
async function addKeyIfDue(database: Queryable): Promise<void> {
  const [next] = await database.query<{ generation: number }>(due, [ROTATION]);
  if (next === undefined) return;
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  const jwk: JWK = { ...(await exportJWK(privateKey)), kid, alg: ALGORITHM, use: 'sig' };
  await database.query(insert, [next.generation, JSON.stringify(jwk)]);
}

/** What of a key everybody may know: named one by one, so that nothing else can leave. */
function publicPart({ kty, crv, x, y, kid, alg, use }: JWK): JWK {
  return { kty, crv, x, y, kid, alg, use } as JWK;
}
