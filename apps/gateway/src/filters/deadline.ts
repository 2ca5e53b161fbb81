import type { Exchange } from '../exchange/exchange.ts';
import { replaceHeader } from '../exchange/header-list.ts';
import type { FilterDefinition } from '../plugin.ts';
import { deadlineSpent } from '../problems.ts';
import { DURATION_PATTERN, durationMs, timerMs } from '../config/units.ts';

interface DeadlineOptions {
  readonly budget: string;
  readonly floor?: string;
  readonly header?: string;
}

const MILLISECONDS = /^\d{1,9}$/;

/**
 * Gives a request a latency budget. The upstream is told what is left of it, time-outs shrink to
 * that, and it is not asked at all when its answer would come too late.
 */
export const deadline: FilterDefinition<DeadlineOptions> = {
  name: 'deadline',
  options: {
    type: 'object',
    description:
      'A latency budget: counted from the first byte of the request, told to the upstream as the milliseconds that are left, 504 before it is spent.',
    properties: {
      budget: {
        type: 'string',
        pattern: DURATION_PATTERN,
        description: 'How long an answer may take. A client may ask for less by the same header.',
      },
      floor: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '5ms',
        description:
          'What is kept back of the budget so that the answer, or the 504, comes in time; when only this is left, the upstream is not asked.',
      },
      header: {
        type: 'string',
        pattern: '^[a-z0-9-]+$',
        default: 'x-request-deadline-ms',
        description: 'The header that tells the milliseconds that are left.',
      },
    },
    required: ['budget'],
    additionalProperties: false,
  },
  incoming(options, { route, metrics, decision }) {
    const { budget, floor = '5ms', header = 'x-request-deadline-ms' } = options;
    const budgetMs = timerMs(budget);
    const floorMs = durationMs(floor);
    if (budgetMs <= floorMs) {
      throw new TypeError(`the budget of ${budget} is not more than the floor of ${floor}`);
    }
    const observeBurn = metrics.gateway.deadlineBurn(route.path);
    const spent = decision('deadline', 'spent');
    const shortened = decision('deadline', 'shortened');

    function burn({ startedAt, deadlineAt }: Exchange): void {
      // The time that a request had may be nothing at all, by the client's own word.
      const given = Math.max(1, deadlineAt + floorMs - startedAt);
      observeBurn((performance.now() - startedAt) / given);
    }

    /** The other filters may have taken their time: what counts is what is left after them. */
    function tell(exchange: Exchange): void {
      const leftMs = Math.floor(exchange.deadlineAt - performance.now());
      if (leftMs <= 0) {
        spent();
        throw deadlineSpent();
      }
      replaceHeader(exchange.headers, header, String(leftMs));
    }

    return (exchange) => {
      let givenMs = budgetMs;
      const asked = exchange.request.headers[header];
      if (typeof asked === 'string' && MILLISECONDS.test(asked) && Number(asked) < budgetMs) {
        shortened();
        givenMs = Number(asked);
      }
      // The upstream is told the gateway's word alone, and none by what outlives the request.
      if (asked !== undefined) replaceHeader(exchange.headers, header, undefined);
      exchange.deadlineAt = Math.min(exchange.deadlineAt, exchange.startedAt + givenMs - floorMs);
      exchange.beforeEndpoint = tell;
      exchange.onEnd(burn);
      return undefined;
    };
  },
};
