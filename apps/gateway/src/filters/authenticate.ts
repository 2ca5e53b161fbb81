import type { Exchange } from '../exchange/exchange.ts';
import type { FilterDefinition, IncomingFilter } from '../plugin.ts';
import { badRequest, credentialsMissing } from '../problems.ts';
import { DURATION_PATTERN, durationMs } from '../config/units.ts';
import { KeySet } from './authenticate/key-set.ts';
import { Verifier } from './authenticate/verifier.ts';
import type { Identity } from './authenticate/verifier.ts';

interface AuthenticateOptions {
  readonly issuer: string;
  readonly jwks: string;
  readonly audience: string | readonly string[];
  readonly algorithms?: readonly string[];
  readonly claims?: readonly string[];
  readonly tolerance?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly optional?: boolean;
  readonly cache?: string;
  readonly keysMaxAge?: string;
  readonly keysCooldown?: string;
}

/**
 * Signatures by a private key alone. With a shared secret (HS256) the issuer's public key would be
 * one that everybody has, and `none` is no signature.
 */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
const USUAL_ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
const BEARER = /^Bearer +[^ ]/i;

const duration = (description: string, fallback: string) => ({
  type: 'string',
  pattern: DURATION_PATTERN,
  description,
  default: fallback,
});

/**
 * Makes sure who asks, by a bearer token (RFC 6750) that is a signed JWT of this issuer. Services
 * are told by `x-user-…` headers, which nobody but the gateway can write.
 */
export const authenticate: FilterDefinition<AuthenticateOptions> = {
  name: 'authenticate',
  options: {
    type: 'object',
    description:
      'Lets pass who has a bearer token of the issuer, a signed JWT, and tells the upstream who it is; 401 otherwise, 503 when the keys of the issuer cannot be had.',
    properties: {
      issuer: { type: 'string', minLength: 1, description: 'The claim `iss` must be this.' },
      jwks: {
        type: 'string',
        pattern: '^https?://',
        description: "The address of the issuer's public keys (JWKS).",
      },
      audience: {
        description: 'The claim `aud` must have this, or one of these.',
        type: ['string', 'array'],
        items: { type: 'string' },
        minItems: 1,
        minLength: 1,
      },
      algorithms: {
        type: 'array',
        description: 'How tokens may be signed.',
        items: { enum: [...ALGORITHMS] },
        minItems: 1,
        default: USUAL_ALGORITHMS,
      },
      claims: {
        type: 'array',
        description: 'Claims that a token must have, beside iss, aud, exp and sub.',
        items: { type: 'string', pattern: '^[A-Za-z0-9_:./-]+$' },
        default: [],
      },
      tolerance: duration('How much the clocks of issuer and gateway may differ.', '5s'),
      headers: {
        type: 'object',
        description:
          'Headers to the upstream by name, and the claim that each tells; x-user-id tells `sub` unless given.',
        propertyNames: { pattern: '^x-user-[a-z0-9-]+$' },
        additionalProperties: { type: 'string' },
      },
      optional: {
        type: 'boolean',
        default: false,
        description: 'Lets pass who has no token too; a token that is not good is refused.',
      },
      cache: duration(
        'How long a token passes before it is verified again; never longer than it is valid.',
        '5m',
      ),
      keysMaxAge: duration('How long keys are used before they are fetched again.', '10m'),
      keysCooldown: duration(
        'How often a token with an unknown key may have the keys fetched.',
        '30s',
      ),
    },
    required: ['issuer', 'jwks', 'audience'],
    additionalProperties: false,
  },
  incoming(options, { shared, log, decision }) {
    const { optional = false } = options;
    // Tokens that are known stay so over a reload.
    const verifier = shared(`tokens ${JSON.stringify(options)}`, () => {
      const keys = new KeySet(
        {
          url: options.jwks,
          maxAgeMs: durationMs(options.keysMaxAge ?? '10m'),
          cooldownMs: durationMs(options.keysCooldown ?? '30s'),
        },
        log,
      );
      return Object.assign(createVerifier(keys, options), { close() {} });
    });
    const known = decision('authenticate', 'known');
    const verified = decision('authenticate', 'verified');
    const refused = decision('authenticate', 'refused');
    const anonymous = decision('authenticate', 'anonymous');

    async function passLater(exchange: Exchange, verifying: Promise<Identity>): Promise<undefined> {
      try {
        pass(exchange, await verifying);
      } catch (error) {
        refused();
        throw error;
      }
    }

    const filter: IncomingFilter = (exchange) => {
      const authorization = authorizationOf(exchange.headers);
      if (authorization === undefined || !BEARER.test(authorization)) {
        if (optional) {
          anonymous();
          return undefined;
        }
        refused();
        throw credentialsMissing();
      }
      let identity: Identity | Promise<Identity>;
      try {
        identity = verifier.verify(authorization, verified);
      } catch (error) {
        refused();
        throw error;
      }
      if (identity instanceof Promise) return passLater(exchange, identity);
      known();
      pass(exchange, identity);
      return undefined;
    };
    return filter;
  },
};

function createVerifier(keys: KeySet, options: AuthenticateOptions): Verifier {
  const { issuer, audience, claims = [], algorithms = USUAL_ALGORITHMS } = options;
  const toleranceSeconds = durationMs(options.tolerance ?? '5s') / 1_000;
  return new Verifier(keys, {
    verify: {
      issuer,
      audience: typeof audience === 'string' ? audience : [...audience],
      algorithms: [...algorithms],
      clockTolerance: toleranceSeconds,
      requiredClaims: ['exp', 'sub', ...claims],
    },
    toleranceSeconds,
    cacheMs: durationMs(options.cache ?? '5m'),
    headers: { 'x-user-id': 'sub', ...options.headers },
  });
}

function pass(exchange: Exchange, { subject, claims, headers }: Identity): void {
  exchange.subject = subject;
  exchange.claims = claims;
  exchange.headers.push(...headers);
}

/** @throws ProblemError 400 for a second one: the upstream might read the other. */
function authorizationOf(headers: readonly string[]): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] !== 'authorization') continue;
    if (found !== undefined) throw badRequest('The request has two Authorization headers.');
    found = headers[index + 1];
  }
  return found;
}
