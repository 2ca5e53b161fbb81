import { problemAnswer } from '../exchange/answer.ts';
import type { Answer } from '../exchange/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { BuildContext, FilterDefinition } from '../plugin.ts';
import { limiterUnavailable, rateLimited } from '../problems.ts';
import { DURATION_PATTERN, timerMs } from '../config/units.ts';
import { refuseBefore } from './order.ts';
import { LeasedLimits } from './rate-limit/leased-limits.ts';
import { createFallback, createLimiter } from './rate-limit/limiter.ts';
import type { Decision, FailurePolicy, Limiter } from './rate-limit/limiter.ts';
import type { Limits, Rate } from './rate-limit/limits.ts';
import { MemoryLimits } from './rate-limit/memory-limits.ts';
import { createPartitions } from './rate-limit/partitions.ts';
import type { KeyOption, Partition } from './rate-limit/partitions.ts';
import { RedisLimits } from './rate-limit/redis-limits.ts';

interface RateLimitOptions {
  readonly limit: number;
  readonly window?: string;
  readonly name?: string;
  readonly key?: KeyOption;
  readonly ipv6Prefix?: number;
  readonly whenRedisFails?: FailurePolicy;
  readonly lease?: number | string;
}

/** An IPv6 customer gets a whole prefix: counting single addresses would count nothing. */
const IPV6_PREFIX_BITS = 56;

const UNCOUNTED = {
  open: 'requests pass without a rate limit',
  closed: 'requests are refused because their rate limit cannot be counted',
  local: 'rate limits are counted in this process alone',
} as const;

/**
 * The requests of one client are counted together; `limit` of them pass in each `window`.
 *
 * It counts in the stores of express-rate-limit and answers with the same headers. Its middleware is
 * left out: it awaits five times and hashes the key for each request (bench/filters.ts compares).
 */
export const rateLimit: FilterDefinition<RateLimitOptions> = {
  name: 'rateLimit',
  options: {
    type: 'object',
    description:
      'Lets a number of requests pass per client and window; the rest get 429. Counted in Redis for all replicas of the gateway when it has one, else in each.',
    properties: {
      limit: { type: 'integer', minimum: 1, description: 'Requests in each window.' },
      window: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '1m',
        description: 'How long a window is; it begins with the first request of a client.',
      },
      name: {
        type: 'string',
        pattern: '^[a-z0-9-]{1,32}$',
        default: 'default',
        description: 'Routes that give the same name count together.',
      },
      key: {
        description:
          'What is counted together: the requests of an address, of a subject (after `authenticate`), or of a value of a header. Without subject or header the address counts. A header that clients choose freely limits nobody.',
        default: 'address',
        type: ['string', 'object'],
        if: { type: 'string' },
        then: { enum: ['address', 'subject'] },
        else: {
          properties: { header: { type: 'string', pattern: '^[A-Za-z0-9-]+$' } },
          required: ['header'],
          additionalProperties: false,
        },
      },
      ipv6Prefix: {
        type: 'integer',
        minimum: 32,
        maximum: 64,
        default: IPV6_PREFIX_BITS,
        description: 'How many bits of an IPv6 address are one client.',
      },
      whenRedisFails: {
        enum: ['open', 'closed', 'local'],
        default: 'open',
        description:
          'What happens while Redis cannot count: requests pass (open), get 503 (closed), or are counted in each replica alone (local).',
      },
      lease: {
        type: ['integer', 'string'],
        minimum: 1,
        pattern: '^([1-9][0-9]?)%$',
        default: '1%',
        description:
          'How many requests, or which share of the limit, a replica takes from Redis at once, so that Redis is asked once in that many. Never more than the limit pass over all replicas; up to this many for each other replica may be refused too soon. 1 asks for each request.',
      },
    },
    required: ['limit'],
    additionalProperties: false,
  },
  incoming(options, context) {
    const { limit, window = '1m', name = 'default', key = 'address' } = options;
    const { ipv6Prefix = IPV6_PREFIX_BITS } = options;
    if (key === 'subject') {
      const why = 'nobody has a subject before, and addresses would be counted instead';
      refuseBefore(context.route, { name: 'rateLimit', options }, ['authenticate'], why);
    }
    const rate: Rate = { limit, windowMs: timerMs(window) };
    // A changed limit starts from nothing; an unchanged one goes on counting over a reload.
    const { whenRedisFails = 'open', lease = '1%' } = options;
    const how = [name, limit, rate.windowMs, whenRedisFails, lease].join(' ');
    const limiter = context.shared(`rate limit ${how}`, () =>
      limiterOf(name, rate, { whenRedisFails, size: leaseSize(lease, limit) }, context),
    );
    const partitionOf = createPartitions({
      key,
      ipv6Prefix,
      policy: `"${name}"; q=${limit}; w=${Math.ceil(rate.windowMs / 1000)}`,
    });

    function answer(
      exchange: Exchange,
      { policy }: Partition,
      { outcome, counted }: Decision,
    ): Answer | undefined {
      context.metrics.gateway.rateLimit(name, outcome);
      if (counted === undefined) {
        if (outcome === 'closed') throw limiterUnavailable();
        return undefined;
      }
      const { passed, remaining, resetInMs } = counted;
      const reset = resetInMs <= 0 ? 0 : Math.ceil(resetInMs / 1000);
      exchange.answerHeaders.push(
        'ratelimit',
        `"${name}"; r=${remaining}; t=${reset}`,
        'ratelimit-policy',
        policy,
      );
      if (passed) return undefined;
      return problemAnswer(rateLimited(limit, rate.windowMs, String(reset)), exchange);
    }

    async function answerLater(
      exchange: Exchange,
      partition: Partition,
      deciding: Promise<Decision>,
    ): Promise<Answer | undefined> {
      return answer(exchange, partition, await deciding);
    }

    return (exchange) => {
      const partition = partitionOf(exchange);
      const decision = limiter.decide(partition.key);
      return decision instanceof Promise
        ? answerLater(exchange, partition, decision)
        : answer(exchange, partition, decision);
    };
  },
};

function limiterOf(
  name: string,
  rate: Rate,
  { whenRedisFails, size }: { whenRedisFails: FailurePolicy; size: number },
  { redis, log }: BuildContext,
): Limiter {
  const local = new MemoryLimits(rate);
  if (redis === undefined) return createLimiter(local, createFallback('open', local));
  const onFailing = (error: unknown) =>
    log.warn({ error, limiter: name }, UNCOUNTED[whenRedisFails]);
  const shared: Limits =
    size === 1
      ? new RedisLimits(redis, `gateway:limit:${name}:`, rate, onFailing)
      : new LeasedLimits(redis, `gateway:lease:${name}:`, rate, size, onFailing);
  const limiter = createLimiter(shared, createFallback(whenRedisFails, local));
  return {
    decide: limiter.decide,
    async close() {
      await limiter.close();
      local.close();
    },
  };
}

/** @throws TypeError when it is larger than the limit. */
function leaseSize(lease: number | string, limit: number): number {
  if (typeof lease === 'string') {
    return Math.max(1, Math.floor((limit * Number(lease.slice(0, -1))) / 100));
  }
  if (lease > limit)
    throw new TypeError(`the lease of ${lease} is more than the limit of ${limit}`);
  return lease;
}
