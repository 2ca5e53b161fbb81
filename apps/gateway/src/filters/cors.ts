import type { Answer } from '../exchange/answer.ts';
import type { FilterConfig } from '../config/types.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { filterName } from '../plugin.ts';
import type { FilterDefinition } from '../plugin.ts';
import { originRefused } from '../problems.ts';
import { DURATION_PATTERN, durationMs } from '../config/units.ts';
import { originMatcher } from './cors/origins.ts';

interface CorsOptions {
  readonly origins: readonly string[];
  readonly methods?: readonly string[];
  readonly allowedHeaders?: readonly string[];
  readonly exposedHeaders?: readonly string[];
  readonly credentials?: boolean;
  readonly maxAge?: string;
}

const HEADER_NAMES = { type: 'array', items: { type: 'string', pattern: '^[A-Za-z0-9-]+$' } };

/** The upstream's own are not passed on: a browser takes no header of these twice. */
const CORS_HEADERS: ReadonlySet<string> = new Set([
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'access-control-expose-headers',
  'access-control-max-age',
]);

/** What must not stand before it, and why. */
const NOT_BEFORE: ReadonlyMap<string, string> = new Map([
  ...['authenticate', 'authorize'].map((name) => [name, 'a preflight has no credentials'] as const),
  ...['validate', 'jsonRpc', 'rewrite', 'formToQuery', 'respond'].map(
    (name) => [name, 'a preflight is no call of the service'] as const,
  ),
  ...['cache', 'idempotency'].map(
    (name) => [name, 'an answer that was kept would have none of its headers'] as const,
  ),
]);

/**
 * Lets pages of other origins use a route (https://fetch.spec.whatwg.org/#http-cors-protocol). It
 * answers the preflight of the route's methods; filters that are listed after it do not see that.
 */
export const cors: FilterDefinition<CorsOptions> = {
  name: 'cors',
  answersPreflight: true,
  options: {
    type: 'object',
    description:
      'Lets pages of other origins use the route and answers their preflights. List it first: answers of filters before it have none of its headers.',
    properties: {
      origins: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description:
          'Whose pages may: origins such as https://shop.example, https://*.example for its subdomains, or * for all.',
      },
      methods: {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Z]+$' },
        description: "The methods that they may use; the route's unless given.",
      },
      allowedHeaders: {
        ...HEADER_NAMES,
        description: 'The headers that they may send; all that they ask for unless given.',
      },
      exposedHeaders: {
        ...HEADER_NAMES,
        description: 'The headers of answers that they may read, beside the usual.',
      },
      credentials: {
        type: 'boolean',
        default: false,
        description: 'Whether they may send cookies; not with *.',
      },
      maxAge: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '10m',
        description: 'How long a browser may remember the answer to a preflight.',
      },
    },
    required: ['origins'],
    additionalProperties: false,
  },
  incoming(options, { route, decision }) {
    const { origins, exposedHeaders = [], allowedHeaders, credentials = false } = options;
    const anyOrigin = origins.includes('*');
    if (anyOrigin && credentials) {
      throw new TypeError('with credentials, list the origins: a browser does not take *');
    }
    checkOrder(route.incoming);
    const matches = originMatcher(origins);
    const answered = decision('cors', 'preflight');
    const refused = decision('cors', 'refused');

    const always = credentials ? ['access-control-allow-credentials', 'true'] : [];
    const exposed =
      exposedHeaders.length === 0
        ? []
        : ['access-control-expose-headers', exposedHeaders.join(', ')];
    const preflightHeaders = [
      'access-control-allow-methods',
      (options.methods ?? withHead(route.methods)).join(', '),
      'access-control-max-age',
      String(Math.floor(durationMs(options.maxAge ?? '10m') / 1000)),
      'vary',
      'Access-Control-Request-Method, Access-Control-Request-Headers',
    ];

    function preflight({ request, answerHeaders }: Exchange, origin: string | undefined): Answer {
      if (origin === undefined || !matches(origin)) {
        refused();
        throw originRefused(origin ?? 'no origin');
      }
      answered();
      const asked = allowedHeaders?.join(', ') ?? request.headers['access-control-request-headers'];
      const allowing = asked === undefined ? [] : ['access-control-allow-headers', asked];
      answerHeaders.push(...preflightHeaders, ...allowing);
      return { status: 204, headers: [], body: null };
    }

    return (exchange) => {
      const { headers, method } = exchange.request;
      const { origin } = headers;
      const { answerHeaders } = exchange;
      exchange.notReturned = CORS_HEADERS;
      // Caches must not give one origin's answer to another, nor one without to one with.
      if (!anyOrigin) answerHeaders.push('vary', 'Origin');
      const asksFirst =
        method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
      if (anyOrigin || (origin !== undefined && matches(origin))) {
        answerHeaders.push(
          'access-control-allow-origin',
          anyOrigin ? '*' : (origin as string),
          ...always,
        );
        if (!asksFirst) answerHeaders.push(...exposed);
      }
      return asksFirst ? preflight(exchange, origin) : undefined;
    };
  },
};

function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods;
}

/** @throws TypeError when a filter before it would keep it from its work. */
function checkOrder(incoming: readonly FilterConfig[]): void {
  for (const filter of incoming) {
    const name = filterName(filter);
    if (name === 'cors') return;
    const why = NOT_BEFORE.get(name);
    if (why !== undefined) throw new TypeError(`list cors before ${name}: ${why}`);
  }
}
