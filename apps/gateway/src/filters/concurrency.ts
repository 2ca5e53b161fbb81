import type { BuildContext, FilterDefinition } from '../plugin.ts';
import { tooManyAtOnce } from '../problems.ts';
import { DURATION_PATTERN, durationMs, timerMs } from '../config/units.ts';
import { Bulkhead } from './concurrency/bulkhead.ts';
import type { Entry } from './concurrency/bulkhead.ts';

interface ConcurrencyOptions {
  readonly limit: number;
  readonly queue?: number;
  readonly queueTimeout?: string;
  readonly retryAfter?: string;
  readonly name?: string;
}

/** A bulkhead: a route that has become slow holds a bounded part of the gateway. */
export const concurrency: FilterDefinition<ConcurrencyOptions> = {
  name: 'concurrency',
  options: {
    type: 'object',
    description:
      'Lets a number of requests run at once, in each replica of the gateway; the rest wait in a short queue or get 503 with Retry-After at once.',
    properties: {
      limit: { type: 'integer', minimum: 1, description: 'Requests that run at once.' },
      queue: {
        type: 'integer',
        minimum: 0,
        maximum: 10_000,
        default: 0,
        description: 'Requests that may wait for one of them to end.',
      },
      queueTimeout: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '100ms',
        description: 'How long one waits, 503 after it.',
      },
      retryAfter: {
        type: 'string',
        pattern: '^[1-9][0-9]*[smh]$',
        default: '1s',
        description: 'When those that are refused may come back.',
      },
      name: {
        type: 'string',
        pattern: '^[a-z0-9-]{1,32}$',
        description:
          'Routes that give the same name share the limit; each has its own unless given.',
      },
    },
    required: ['limit'],
    additionalProperties: false,
  },
  incoming(options, context) {
    const { limit, retryAfter = '1s' } = options;
    const bulkhead = sharedBulkhead(options, context);
    const retryAfterSeconds = durationMs(retryAfter) / 1_000;
    const count = {
      entered: context.decision('concurrency', 'entered'),
      waited: context.decision('concurrency', 'waited'),
      refused: context.decision('concurrency', 'refused'),
      late: context.decision('concurrency', 'late'),
    };

    function pass(entry: Entry): undefined {
      count[entry]();
      if (entry === 'refused' || entry === 'late') throw tooManyAtOnce(limit, retryAfterSeconds);
    }

    async function passLater(waiting: Promise<Entry>): Promise<undefined> {
      pass(await waiting);
    }

    return (exchange) => {
      const entry = bulkhead.enter(exchange);
      return typeof entry === 'string' ? pass(entry) : passLater(entry);
    };
  },
};

function sharedBulkhead(options: ConcurrencyOptions, context: BuildContext): Bulkhead {
  const { limit, queue = 0, queueTimeout = '100ms' } = options;
  const { host = '', methods, path } = context.route;
  const name = options.name ?? `${methods.join(',')} ${host}${path}`;
  // What runs goes on counting over a reload, unless the numbers change.
  return context.shared(`bulkhead ${name} ${limit} ${queue} ${queueTimeout}`, () => {
    const stopReading = context.metrics.gateway.bulkhead(name, () => bulkhead);
    const bulkhead: Bulkhead = new Bulkhead(
      { limit, queue, queueTimeoutMs: timerMs(queueTimeout) },
      stopReading,
    );
    return bulkhead;
  });
}
