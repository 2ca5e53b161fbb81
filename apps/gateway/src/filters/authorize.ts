import type { ProblemError } from '@woodytoys/service';
import type { FilterDefinition } from '../plugin.ts';
import { credentialsMissing, forbidden } from '../problems.ts';
import { refuseBefore } from './order.ts';
import { claimAt, claimList, scopesOf } from './authenticate/claims.ts';
import type { Claims } from './authenticate/claims.ts';

type Scalar = string | number | boolean;

interface AuthorizeOptions {
  readonly scopes?: readonly string[];
  readonly roles?: readonly string[];
  readonly rolesClaim?: string;
  readonly claims?: Readonly<Record<string, Scalar | readonly Scalar[]>>;
  readonly match?: 'all' | 'any';
}

/** One thing that a token must have. */
interface Requirement {
  readonly text: string;
  met(claims: Claims): boolean;
}

/** Lets pass whose token has the scopes, roles and claims that the route asks for. */
export const authorize: FilterDefinition<AuthorizeOptions> = {
  name: 'authorize',
  options: {
    type: 'object',
    description:
      'After `authenticate`: lets pass whose token has these scopes, roles and claims; 403 otherwise.',
    properties: {
      scopes: {
        type: 'array',
        items: { type: 'string', pattern: '^[!#-\\[\\]-~]+$' },
        minItems: 1,
        description: 'Of the claim `scope` or `scp`.',
      },
      roles: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description: 'Of the claim that `rolesClaim` names.',
      },
      rolesClaim: {
        type: 'string',
        default: 'roles',
        description: 'Where roles are; names of nested claims with dots between.',
      },
      claims: {
        type: 'object',
        minProperties: 1,
        description:
          'Claims by name, nested ones with dots between, and the values of which one must be there.',
        additionalProperties: {
          type: ['string', 'number', 'boolean', 'array'],
          items: { type: ['string', 'number', 'boolean'] },
        },
      },
      match: {
        enum: ['all', 'any'],
        default: 'all',
        description: 'Whether all that is listed must be there, or any of it is enough.',
      },
    },
    additionalProperties: false,
  },
  incoming(options, { decision, route }) {
    refuseBefore(route, { name: 'authorize', options }, ['authenticate'], 'it needs the token');
    const { match = 'all', scopes } = options;
    const requirements = requirementsOf(options);
    if (requirements.length === 0) throw new TypeError('give scopes, roles or claims to ask for');
    const allowed = decision('authorize', 'allowed');
    const refused = decision('authorize', 'refused');
    // A known token has the same claims object each time, so it is looked through once.
    const decided = new WeakMap<Claims, ProblemError | null>();

    function decide(claims: Claims): ProblemError | null {
      const missing = requirements.filter(({ met }) => !met(claims)).map(({ text }) => text);
      if (missing.length === 0 || (match === 'any' && missing.length < requirements.length)) {
        return null;
      }
      return forbidden(match === 'any' ? 'has none of' : 'lacks', missing, scopes);
    }

    return ({ claims }) => {
      if (claims === undefined) {
        refused();
        throw credentialsMissing();
      }
      let verdict = decided.get(claims);
      if (verdict === undefined) decided.set(claims, (verdict = decide(claims)));
      if (verdict !== null) {
        refused();
        throw verdict;
      }
      allowed();
      return undefined;
    };
  },
};

function requirementsOf({
  scopes = [],
  roles = [],
  rolesClaim = 'roles',
  claims = {},
}: AuthorizeOptions): Requirement[] {
  return [
    ...scopes.map((scope) => ({
      text: `scope ${scope}`,
      met: (had: Claims) => scopesOf(had).includes(scope),
    })),
    ...roles.map((role) => ({
      text: `role ${role}`,
      met: (had: Claims) => claimList(claimAt(had, rolesClaim)).includes(role),
    })),
    ...Object.entries(claims).map(([name, values]) => ({
      text: `claim ${name}`,
      met: (had: Claims) => {
        const wanted = claimList(values);
        return claimList(claimAt(had, name)).some((value) => wanted.includes(value));
      },
    })),
  ];
}
