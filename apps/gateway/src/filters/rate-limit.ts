import { MemoryStore, ipKeyGenerator, rateLimit as expressRateLimit } from 'express-rate-limit';
import type { RateLimitInfo, RateLimitRequestHandler } from 'express-rate-limit';
import { problemAnswer } from '../answer.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { BuildContext, FilterDefinition } from '../plugin.ts';
import { rateLimited } from '../problems.ts';
import { DURATION_PATTERN, durationMs } from '../units.ts';
import { RedisLimits } from './redis-limits.ts';

interface RateLimitOptions {
  readonly limit: number;
  readonly window?: string;
  readonly name?: string;
}

/** An IPv6 customer gets a whole prefix: counting single addresses would count nothing. */
const IPV6_PREFIX_BITS = 56;

/** The requests of one client are counted together; `limit` of them pass in each `window`. */
export const rateLimit: FilterDefinition<RateLimitOptions> = {
  name: 'rateLimit',
  options: {
    type: 'object',
    description:
      'Lets a number of requests pass per client address and window; the rest get 429. Counted in Redis for all replicas of the gateway when it has one, else in each; passes while Redis fails.',
    properties: {
      limit: { type: 'integer', minimum: 1, description: 'Requests in each window.' },
      window: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '1m',
        description: 'How long a window is.',
      },
      name: {
        type: 'string',
        pattern: '^[a-z0-9-]{1,32}$',
        default: 'default',
        description: 'Routes that give the same name count together.',
      },
    },
    required: ['limit'],
    additionalProperties: false,
  },
  incoming({ limit, window = '1m', name = 'default' }, context) {
    const windowMs = durationMs(window);
    // A changed limit starts from nothing; an unchanged one goes on counting over a reload.
    const limiter = context.shared(`rate limit ${name} ${limit} ${windowMs}`, () =>
      createLimiter(name, limit, windowMs, context),
    );
    const count = (outcome: 'passed' | 'refused' | 'unchecked') =>
      context.metrics.gateway.rateLimit(name, outcome);

    return async (exchange) => {
      const visit = new Visit(exchange);
      const failure = await limiter.check(visit);
      if (failure !== undefined) throw failure;
      exchange.answerHeaders.push(...visit.headers);
      if (visit.refusal === undefined) {
        count(visit.rateLimit === undefined ? 'unchecked' : 'passed');
        return undefined;
      }
      count('refused');
      return visit.refusal;
    };
  },
};

/**
 * One request as express-rate-limit sees it. It is an express middleware and asks little of the
 * request and the response; giving it this little keeps express off the path of every request.
 */
class Visit {
  readonly exchange: Exchange;
  readonly key: string;
  readonly headers: string[] = [];
  readonly headersSent = false;
  /** Set by express-rate-limit when it could count. */
  rateLimit: RateLimitInfo | undefined;
  refusal: Answer | undefined;
  retryAfter = '1';

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.key = ipKeyGenerator(exchange.client.address, IPV6_PREFIX_BITS);
  }

  setHeader(name: string, value: string): void {
    if (name === 'Retry-After') this.retryAfter = value;
    else this.headers.push(name.toLowerCase(), value);
  }

  append(name: string, value: string): void {
    this.setHeader(name, value);
  }
}

interface Limiter {
  check(visit: Visit): Promise<unknown>;
  close(): void;
}

function createLimiter(
  name: string,
  limit: number,
  windowMs: number,
  { redis, log }: BuildContext,
): Limiter {
  const store =
    redis === undefined ? new MemoryStore() : new RedisLimits(redis, `gateway:limit:${name}:`);
  let failing = false;
  const middleware: RateLimitRequestHandler = expressRateLimit({
    windowMs,
    limit,
    identifier: name,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    store,
    passOnStoreError: true,
    keyGenerator: (request) => (request as unknown as Visit).key,
    handler: (request) => {
      const visit = request as unknown as Visit;
      visit.refusal = problemAnswer(rateLimited(limit, windowMs, visit.retryAfter), visit.exchange);
    },
    logger: {
      // Every request that passes unchecked is counted; the log says when that begins.
      error: (error) => {
        if (!failing) log.warn({ error, limiter: name }, 'requests pass without a rate limit');
        failing = true;
      },
      warn: (warning) => log.warn({ error: warning, limiter: name }, 'rate limiter'),
    },
  });
  return {
    check: (visit) =>
      new Promise((resolve) => {
        // It calls `next` for a request that passes, with an error if it failed; else the handler.
        void Promise.resolve(middleware(visit as never, visit as never, resolve)).then(() => {
          if (visit.rateLimit !== undefined) failing = false;
          resolve(undefined);
        });
      }),
    close() {
      if (store instanceof MemoryStore) store.shutdown();
      else store.close();
    },
  };
}
