import type { FilterDefinition } from '../plugin.ts';
import { DURATION_PATTERN, SIZE_PATTERN, durationMs, sizeBytes } from '../config/units.ts';
import { answerStore } from './cache/answer-store.ts';
import { Asked, isCacheable } from './cache/asked.ts';
import { CachedRoute } from './cache/cached-route.ts';
import { createInvalidation, mayChange } from './cache/invalidation.ts';
import type { FreshnessPolicy } from './cache/judge.ts';
import type { InvalidationOptions } from './cache/invalidation.ts';
import { HOWS, withStatus } from './cache/serve.ts';
import type { How } from './cache/serve.ts';
import { refuseBefore } from './order.ts';

interface CacheOptions extends InvalidationOptions {
  readonly lifetime?: FreshnessPolicy['lifetime'];
  readonly ttl?: string;
  readonly notFoundTtl?: string;
  readonly staleWhileRevalidate?: string;
  readonly staleIfError?: string;
  readonly clientDirectives?: 'obey' | 'ignore';
  readonly maxAnswer?: string;
  readonly maxMemory?: string;
  readonly firstLevel?: string;
}

const duration = { type: 'string', pattern: DURATION_PATTERN } as const;
const size = { type: 'string', pattern: SIZE_PATTERN } as const;

/** Keeps answers to GET and HEAD, by the rules of a shared cache (RFC 9111, RFC 5861). */
export const cache: FilterDefinition<CacheOptions> = {
  name: 'cache',
  options: {
    type: 'object',
    description:
      'Keeps answers to GET and HEAD by the rules of a shared cache (RFC 9111): Cache-Control, Expires, Vary, Age, validation by ETag and Last-Modified. Of many clients that miss the same answer at once, over all replicas of the gateway, one is passed on and the rest get its answer. Kept in Redis for all replicas when the gateway has one, and in each for a moment. After another method has succeeded, its path is forgotten. X-Cache and Cache-Status tell what was done. List it after what authenticates, and before what rewrites.',
    properties: {
      lifetime: {
        enum: ['origin', 'route'],
        default: 'origin',
        description:
          'Who says how long an answer is kept: its origin, by its Cache-Control; or the route, for each answer and whoever asks, by `ttl` and `notFoundTtl`. Only for answers that are the same for all whom the filters before let pass. With 0s for both the cache is off.',
      },
      ttl: {
        ...duration,
        default: '0s',
        description:
          'How long an answer is fresh when its origin says nothing; 0s keeps only what the origin allows. Not for requests with Cookie or Authorization, save with the lifetime of the route.',
      },
      notFoundTtl: {
        ...duration,
        default: '0s',
        description: 'The same for 404 and 410.',
      },
      staleWhileRevalidate: {
        ...duration,
        default: '0s',
        description:
          'How long after its freshness an answer is served while it is fetched anew, when its origin says nothing.',
      },
      staleIfError: {
        ...duration,
        default: '0s',
        description:
          'How long after its freshness an answer is served when the origin fails, when its origin says nothing.',
      },
      clientDirectives: {
        enum: ['obey', 'ignore'],
        default: 'obey',
        description:
          "Whether the Cache-Control of clients counts: with no-cache or max-age=0 they can send any request to the origin. `ignore` keeps them from it; the origin's counts always.",
      },
      maxAnswer: {
        ...size,
        default: '1MB',
        description: 'The largest body that is kept; a larger one passes as it comes.',
      },
      maxMemory: {
        ...size,
        default: '64MB',
        description:
          'How much the process keeps itself. Routes that give the same share one store; without Redis only those forget for one another.',
      },
      firstLevel: {
        ...duration,
        default: '1s',
        description:
          'How long the process serves a fresh answer without asking Redis; also how late it may hear of what was forgotten elsewhere.',
      },
      invalidates: {
        type: 'array',
        description:
          'Paths that are forgotten too after a method other than GET and HEAD has succeeded; with parameters of the route, and with * at the end for all that begin so.',
        items: { type: 'string', pattern: '^/[^*]*\\*?$' },
      },
      invalidatesTags: {
        type: 'array',
        description:
          'Tags whose answers are forgotten then: those that the origin named in Cache-Tag or Surrogate-Key.',
        items: { type: 'string', minLength: 1 },
      },
    },
    additionalProperties: false,
  },
  around(options, context) {
    refuseBefore(
      context.route,
      { name: 'cache' },
      ['authenticate', 'authorize', 'ipFilter'],
      'what it keeps would be given to whom that refuses',
    );
    const { lifetime = 'origin', clientDirectives = 'obey' } = options;
    const ttlMs = durationMs(options.ttl ?? '0s');
    const notFoundTtlMs = durationMs(options.notFoundTtl ?? '0s');
    const { staleWhileRevalidate = '0s', staleIfError = '0s' } = options;
    const { maxAnswer = '1MB', maxMemory = '64MB', firstLevel = '1s' } = options;
    const counters = Object.fromEntries(
      HOWS.map((how) => [how, context.decision('cache', how.toLowerCase())]),
    ) as Record<How, () => void>;
    const store = answerStore(context, sizeBytes(maxMemory));
    const route = new CachedRoute({
      store,
      policy: {
        lifetime,
        ttlMs,
        notFoundTtlMs,
        whileRevalidateMs: durationMs(staleWhileRevalidate),
        ifErrorMs: durationMs(staleIfError),
      },
      maxBytes: sizeBytes(maxAnswer),
      firstLevelMs: durationMs(firstLevel),
      waitMs: durationMs(context.route.timeout),
      log: context.log,
      count: (how) => counters[how](),
    });
    const invalidate = createInvalidation(options, context.template);
    const obeysClient = clientDirectives === 'obey';
    const isOn = lifetime === 'origin' || ttlMs > 0 || notFoundTtlMs > 0;

    return async (exchange, next) => {
      if (isOn && isCacheable(exchange))
        return route.answer(new Asked(exchange, obeysClient), next);
      const answer = await next();
      if (mayChange(exchange)) {
        await invalidate(exchange, answer, store);
        return answer;
      }
      counters.BYPASS();
      return { ...answer, headers: withStatus(answer.headers, 'BYPASS', 'fwd=bypass') };
    };
  },
};
