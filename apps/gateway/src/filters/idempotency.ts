import type { FilterDefinition } from '../plugin.ts';
import {
  idempotencyInFlight,
  idempotencyKeyInvalid,
  idempotencyKeyReused,
  idempotencyOutcome,
  idempotencyUnavailable,
} from '../problems.ts';
import { decodeAnswer } from '../exchange/stored-answer.ts';
import { DURATION_PATTERN, SIZE_PATTERN, durationMs, sizeBytes } from '../config/units.ts';
import { idempotencyKey, KEY_HEADERS } from './idempotency/key.ts';
import type { KeyHeader } from './idempotency/key.ts';
import { KeyedRuns } from './idempotency/keyed-runs.ts';
import { MemoryStates } from './idempotency/memory-states.ts';
import { createRedisStates } from './idempotency/redis-states.ts';
import { refuseBefore } from './order.ts';

interface IdempotencyOptions {
  readonly required?: boolean;
  readonly header?: KeyHeader;
  readonly methods?: readonly string[];
  readonly ttl?: string;
  readonly lease?: string;
  readonly maxAnswer?: string;
  readonly unknown?: 'refuse' | 'rerun';
  readonly whenRedisFails?: 'open' | 'closed';
}

/** Runs a request once for each `Idempotency-Key`; repeats get the first one's answer. */
export const idempotency: FilterDefinition<IdempotencyOptions> = {
  name: 'idempotency',
  options: {
    type: 'object',
    description:
      'Runs a request once for each Idempotency-Key of a subject (else a client address) on this route and method, and gives repeats its answer, with Idempotency-Replayed: true. A repeat is 409 while the first runs, and 422 when its path, query, content type or body differ. The key is handed on to the upstream, with Idempotency-Attempt from the second run on. List it after what authenticates. Kept in Redis for all replicas of the gateway when it has one, else in each.',
    properties: {
      required: {
        type: 'boolean',
        default: false,
        description: 'Whether a request without a key is refused with 400; else it just runs.',
      },
      header: {
        enum: KEY_HEADERS,
        default: 'Idempotency-Key',
        description:
          'What holds the key. X-Request-Id is for clients that know no keys, behind a proxy that names each request and sends it again under the same name.',
      },
      methods: {
        type: 'array',
        description:
          'The methods that it works on; others pass. GET is for one that `rewrite` makes another of.',
        items: { enum: ['POST', 'PATCH', 'PUT', 'DELETE', 'GET'] },
        default: ['POST', 'PATCH'],
      },
      ttl: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '24h',
        description: 'How long a key is remembered.',
      },
      lease: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '10s',
        description:
          'How long a running request counts as running after the last sign of life of its gateway.',
      },
      maxAnswer: {
        type: 'string',
        pattern: SIZE_PATTERN,
        default: '64kB',
        description:
          'The largest body of an answer that is kept; the outcome of a request with a larger one counts as unknown for its repeats.',
      },
      unknown: {
        enum: ['refuse', 'rerun'],
        default: 'refuse',
        description:
          'What a repeat gets when nobody can tell what the first request did (it ended with 5xx, or its gateway died): `refuse` answers 409; `rerun` runs it again, and is for services that commit key and effect together.',
      },
      whenRedisFails: {
        enum: ['open', 'closed'],
        default: 'closed',
        description: 'While Redis fails: `closed` answers 503, `open` runs every request.',
      },
    },
    additionalProperties: false,
  },
  around(options, context) {
    refuseBefore(
      context.route,
      { name: 'idempotency' },
      ['authenticate', 'authorize', 'ipFilter'],
      'an answer that it replays would be given to whom that refuses',
    );
    const { required = false, methods = ['POST', 'PATCH'], whenRedisFails = 'closed' } = options;
    const { header = 'Idempotency-Key' } = options;
    const { ttl = '24h', lease = '10s', maxAnswer = '64kB', unknown = 'refuse' } = options;
    const { route, redis, log } = context;
    const leaseMs = durationMs(lease);
    const runs = new KeyedRuns({
      states:
        redis === undefined
          ? context.shared('idempotency keys', () => new MemoryStates())
          : createRedisStates(redis, 'gateway:idempotency:'),
      route: `${route.host ?? ''} ${route.path}`,
      log,
      leaseMs,
      // A key that is forgotten while its request runs would let it run twice.
      ttlMs: Math.max(durationMs(ttl), 2 * leaseMs),
      maxAnswerBytes: sizeBytes(maxAnswer),
      rerun: unknown === 'rerun',
    });
    const maxBodyBytes = sizeBytes(route.maxBody);
    const count = (outcome: string) => context.decision('idempotency', outcome);
    const missing = count('missing');
    const unchecked = count('unchecked');
    const unavailable = count('unavailable');
    const counts = {
      begun: count('begun'),
      done: count('replayed'),
      running: count('in-flight'),
      unknown: count('unknown'),
      reused: count('reused'),
    };

    return async (exchange, next) => {
      if (!methods.includes(exchange.request.method as string)) return next();
      const key = idempotencyKey(exchange, header);
      if (key === undefined) {
        if (!required) return next();
        missing();
        throw idempotencyKeyInvalid(`The request has no ${header}`);
      }
      const run = await runs.begin(exchange, key, await exchange.readBody(maxBodyBytes));
      if (run === undefined) {
        if (whenRedisFails === 'open') {
          unchecked();
          return next();
        }
        unavailable();
        throw idempotencyUnavailable();
      }
      counts[run.begun.state]();
      switch (run.begun.state) {
        case 'begun':
          return runs.run(exchange, next, run);
        case 'done': {
          const { status, headers, body } = decodeAnswer(run.begun.answer);
          return { status, headers: [...headers, 'idempotency-replayed', 'true'], body };
        }
        case 'running':
          throw idempotencyInFlight();
        case 'unknown':
          throw idempotencyOutcome(run.begun.reason);
        case 'reused':
          throw idempotencyKeyReused();
      }
    };
  },
};
