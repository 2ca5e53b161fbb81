import type { Logger } from '@woodytoys/service';
import { createLocalJWKSet, createRemoteJWKSet, errors, jwksCache } from 'jose';
import type { CryptoKey, FlattenedJWSInput, JWKSCacheInput, JWSHeaderParameters } from 'jose';

export interface KeySetOptions {
  /** Where the issuer publishes its keys. */
  readonly url: string;
  /** How long they are used before they are fetched again. */
  readonly maxAgeMs: number;
  /** How often a token with an unknown key may have them fetched. */
  readonly cooldownMs: number;
}

type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

const FETCH_TIMEOUT_MS = 2_000;
/** After a failure the issuer is left alone for this long. */
const REST_MS = 1_000;
/** Keys older than this are not used any more when the issuer cannot be asked. */
const LONGEST_STALE_MS = 3_600_000;

/** The key of a token cannot be had from its issuer now; the token may be good. */
export class KeysUnavailable extends Error {}

/**
 * An issuer's public keys (RFC 7517), fetched when first needed and again when they are old or a
 * token names one that is not among them. While the issuer cannot be asked, the last keys go on.
 */
export class KeySet {
  readonly #log: Logger;
  readonly #url: string;
  readonly #remote: FindKey;
  /** What jose fetched last, and when. */
  readonly #fetched: JWKSCacheInput = {};
  #restUntil = 0;
  #failing = false;

  constructor({ url, maxAgeMs, cooldownMs }: KeySetOptions, log: Logger) {
    this.#url = url;
    this.#log = log;
    this.#remote = createRemoteJWKSet(new URL(url), {
      cacheMaxAge: maxAgeMs,
      cooldownDuration: cooldownMs,
      timeoutDuration: FETCH_TIMEOUT_MS,
      [jwksCache]: this.#fetched,
    });
  }

  /**
   * The key of a token.
   * @throws KeysUnavailable, or jose's error when the issuer has no such key (rejections).
   */
  readonly find: FindKey = async (header, token) => {
    if (performance.now() >= this.#restUntil) {
      try {
        const key = await this.#remote(header, token);
        this.#failing = false;
        return key;
      } catch (error) {
        if (saysNoKey(error)) throw error;
        this.#fails(error);
      }
    }
    return this.#findStale(header, token);
  };

  async #findStale(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const { uat, jwks } = this.#fetched;
    if (jwks === undefined || uat === undefined || Date.now() > uat + LONGEST_STALE_MS) {
      throw new KeysUnavailable(`no keys from ${this.#url}`);
    }
    try {
      return await createLocalJWKSet(jwks)(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      throw new KeysUnavailable(`no such key among the last from ${this.#url}`);
    }
  }

  #fails(error: unknown): void {
    this.#restUntil = performance.now() + REST_MS;
    if (!this.#failing) {
      this.#log.warn({ error, url: this.#url }, 'the keys of a token issuer cannot be fetched');
    }
    this.#failing = true;
  }
}

/** Whether the keys were there, and the token's is not among them, or is not the only one. */
function saysNoKey(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
