import type { ProblemError } from '@woodytoys/service';
import { errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { keysUnavailable, tokenInvalid } from '../../problems.ts';
import { RecentMap } from '../../recent-map.ts';
import { headerText, claimAt } from './claims.ts';
import type { Claims } from './claims.ts';
import { KeysUnavailable } from './key-set.ts';
import type { KeySet } from './key-set.ts';

/** Who a token says that its bearer is. */
export interface Identity {
  readonly subject: string;
  readonly claims: Claims;
  /** What services are told of it: names and values in turn. */
  readonly headers: readonly string[];
}

export interface VerifierOptions {
  readonly verify: JWTVerifyOptions;
  /** Seconds by which the clocks of issuer and gateway may differ. */
  readonly toleranceSeconds: number;
  /** The longest that a token passes before it is verified again. */
  readonly cacheMs: number;
  /** Claims by the header that tells them. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Remembered<What> {
  readonly what: What;
  /** Of `Date.now()`. */
  readonly until: number;
}

const MOST_VERIFIED = 20_000;
/** Anybody can send these: all together they are held to some 40 MB. */
const MOST_REFUSED = 5_000;
const LONGEST_REFUSED = 4_096;
/** A token that was refused is refused again for this long without a look at its signature. */
const REFUSED_MS = 60_000;

/**
 * Verifies bearer tokens and remembers what came of it: a token that is known costs one look-up, and
 * one that comes many times at once is verified once.
 */
export class Verifier {
  readonly #keys: KeySet;
  readonly #options: VerifierOptions;
  // By the whole value of the header, so that nothing of it is cut or hashed for each request.
  readonly #verified = new RecentMap<Remembered<Identity>>(MOST_VERIFIED);
  readonly #refused = new RecentMap<Remembered<ProblemError>>(MOST_REFUSED);
  readonly #running = new Map<string, Promise<Identity>>();

  constructor(keys: KeySet, options: VerifierOptions) {
    this.#keys = keys;
    this.#options = options;
  }

  /**
   * Who a `Bearer` header is of; `onVerify` is called when that is not known yet and nobody else
   * asks.
   * @throws ProblemError 401 for a token that is not good, 503 when that cannot be told; at once or
   * as a rejection.
   */
  verify(authorization: string, onVerify: () => void): Identity | Promise<Identity> {
    const known = this.#verified.get(authorization);
    if (known !== undefined) {
      if (Date.now() < known.until) return known.what;
      this.#verified.delete(authorization);
    }
    const refused = this.#refused.get(authorization);
    if (refused !== undefined) {
      if (Date.now() < refused.until) throw refused.what;
      this.#refused.delete(authorization);
    }
    let running = this.#running.get(authorization);
    if (running === undefined) {
      onVerify();
      running = this.#verify(authorization).finally(() => this.#running.delete(authorization));
      this.#running.set(authorization, running);
    }
    return running;
  }

  async #verify(authorization: string): Promise<Identity> {
    const { toleranceSeconds, cacheMs } = this.#options;
    try {
      const claims = await this.#claimsOf(authorization.slice('Bearer '.length).trim());
      const identity = this.#identity(claims);
      const expiresAt = ((claims.exp as number) + toleranceSeconds) * 1_000;
      const until = Math.min(expiresAt, Date.now() + cacheMs);
      // Any number of spaces before it is the same token: only one of these is remembered.
      if (!authorization.startsWith(' ', 'Bearer '.length)) {
        this.#verified.set(authorization, { what: identity, until });
      }
      return identity;
    } catch (error) {
      if (error instanceof KeysUnavailable) throw keysUnavailable(error);
      const problem = tokenInvalid(reasonOf(error));
      // An unknown key may be published, and a time may come: the rest stays as it is.
      if (staysRefused(error) && authorization.length <= LONGEST_REFUSED) {
        this.#refused.set(authorization, { what: problem, until: Date.now() + REFUSED_MS });
      }
      throw problem;
    }
  }

  async #claimsOf(token: string): Promise<JWTPayload> {
    const { verify } = this.#options;
    try {
      return (await jwtVerify(token, this.#keys.find, verify)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // A token that does not name its key is tried with each that it may be of.
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, verify)).payload;
        } catch (failure) {
          if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  #identity(claims: JWTPayload): Identity {
    const headers = Object.entries(this.#options.headers).flatMap(([name, path]) => {
      const text = headerText(claimAt(claims, path));
      return text === undefined ? [] : [name, text];
    });
    return { subject: String(claims.sub), claims, headers };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (claim === 'nbf') return 'is not valid yet';
    return reason === 'missing' ? `has no claim ${claim}` : `is not for here by its claim ${claim}`;
  }
  if (error instanceof errors.JWKSNoMatchingKey) return 'has a key that its issuer does not have';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'has a wrong signature';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'is signed by an algorithm not taken here';
  return 'is not a signed JWT';
}

function staysRefused(error: unknown): boolean {
  if (error instanceof errors.JWKSNoMatchingKey) return false;
  return !(error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf');
}
