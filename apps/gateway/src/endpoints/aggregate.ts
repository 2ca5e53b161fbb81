import { ProblemError } from '@woodytoys/service';
import type { Answer } from '../exchange/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { clientGone, partsDown, reasonOf } from '../problems.ts';
import type { UpstreamRequest } from '../upstreams/upstream-request.ts';
import { partHeaders } from './upstream/part-headers.ts';
import { createPart, partSchema } from './aggregate/part.ts';
import type { Part, PartOptions } from './aggregate/part.ts';

/** `mode` is a word of the endpoint; every other name is a part's. */
interface AggregateOptions extends Readonly<Record<string, unknown>> {
  readonly mode?: 'partial' | 'all-or-nothing';
}

/** What stands at a part's place. */
interface Given {
  readonly json: string | undefined;
  readonly down: boolean;
}

/** Ends a part that would change nothing any more. */
class Decided extends Error {}

/**
 * Asks several upstreams at once and answers one object with their answers.
 *
 * Any part missing (404) makes the whole 404. A part whose service is down or late is its fallback or
 * null, named in `incomplete`, and `X-Complete` says false; a required one makes the whole its 502,
 * 503 or 504. As soon as the whole is decided, what the other parts still do is ended.
 */
export const aggregate: EndpointDefinition<AggregateOptions> = {
  name: 'aggregate',
  options: {
    type: 'object',
    description: 'Asks several upstreams at once and answers one object with their answers.',
    properties: {
      mode: {
        enum: ['partial', 'all-or-nothing'],
        description:
          'partial answers without the parts that are down; all-or-nothing takes every part for required.',
        default: 'partial',
      },
    },
    additionalProperties: partSchema,
  },
  create({ mode = 'partial', ...named }, context) {
    const { route, log, decision } = context;
    const other = route.methods.find((method) => method !== 'GET' && method !== 'HEAD');
    if (other !== undefined) {
      throw new TypeError(`its parts are asked with GET: take ${other} out of the methods`);
    }
    const parts = Object.entries(named).map(([name, options]) =>
      createPart(name, options as PartOptions, context),
    );
    if (parts.length === 0) throw new TypeError('it has no part; name one with upstream and path');
    if ('incomplete' in named) {
      throw new TypeError('"incomplete" names the parts that are down; call the part otherwise');
    }
    const required = (part: Part) => mode === 'all-or-nothing' || part.required;
    const idle = parts.find((part) => required(part) && part.fallback !== undefined);
    if (idle !== undefined) {
      throw new TypeError(`the part "${idle.name}" is required, so its fallback is never used`);
    }
    const counted = {
      complete: decision('aggregate', 'complete'),
      partial: decision('aggregate', 'partial'),
      refused: decision('aggregate', 'refused'),
    };

    async function give(part: Part, exchange: Exchange, asking: Promise<string>): Promise<Given> {
      try {
        return { json: await asking, down: false };
      } catch (error) {
        if (decides(error) || required(part)) throw error;
        const { requestId } = exchange;
        log.warn({ reason: reasonOf(error), part: part.name, requestId }, 'part missing');
        return { json: part.fallback, down: true };
      }
    }

    return async (exchange): Promise<Answer> => {
      const headers = partHeaders(exchange.headers);
      const requests: UpstreamRequest[] = [];
      const endAll = (reason: Error) => {
        for (const request of requests) request.abort(reason);
      };
      const endParts = () => endAll(clientGone());
      exchange.onClientGone = endParts;
      exchange.upstream = parts.map(({ upstream }) => upstream).join(',');
      let given: Given[];
      try {
        given = await Promise.all(
          parts.map((part) =>
            give(
              part,
              exchange,
              part.ask(exchange, headers, (request) => requests.push(request)),
            ),
          ),
        );
        if (given.every(({ json }) => json === undefined)) {
          throw partsDown(parts.map(({ name }) => name));
        }
      } catch (error) {
        counted.refused();
        endAll(new Decided('the answer is decided without this part'));
        throw error;
      } finally {
        exchange.replica = requests.map(({ replica }) => replica?.name ?? '').join(',');
        exchange.attempts = requests.reduce((sum, { attempts }) => sum + attempts, 0);
      }
      const incomplete = parts.filter((_, index) => given[index]?.down);
      counted[incomplete.length === 0 ? 'complete' : 'partial']();
      return answerOf(parts, given, incomplete);
    };
  },
};

function answerOf(
  parts: readonly Part[],
  given: readonly Given[],
  incomplete: readonly Part[],
): Answer {
  const fields = parts.map(
    ({ name }, index) => `${JSON.stringify(name)}:${given[index]?.json ?? 'null'}`,
  );
  if (incomplete.length > 0) {
    fields.push(`"incomplete":${JSON.stringify(incomplete.map(({ name }) => name))}`);
  }
  const complete = String(incomplete.length === 0);
  return {
    status: 200,
    headers: ['content-type', 'application/json', 'x-complete', complete],
    body: `{${fields.join(',')}}`,
  };
}

/** A part that is missing (404), or cannot be asked for (400), is no matter of its service being down. */
function decides(error: unknown): boolean {
  return error instanceof Decided || (error instanceof ProblemError && error.status < 500);
}
