import { problem } from '@woodytoys/service';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import type { PathParameters } from '../path-template.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { clientGone, reasonOf } from '../problems.ts';
import { durationMs } from '../units.ts';
import type { UpstreamRequest } from '../upstreams/upstream-request.ts';
import type { Upstream } from '../upstreams/upstream.ts';
import { collect } from './collect.ts';
import { targetPathBuilder } from './target.ts';

interface PartOptions {
  readonly upstream: string;
  readonly path: string;
}

type AggregateOptions = Readonly<Record<string, PartOptions>>;

interface Part {
  readonly name: string;
  readonly upstream: Upstream;
  readonly buildPath: (parameters: PathParameters) => string;
}

/** What became of a part: its JSON, that it does not exist, or why its service gave none. */
type Outcome =
  | { readonly kind: 'found'; readonly json: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'down'; readonly error: unknown };

/** A part is held in memory whole. */
const MAX_PART_BYTES = 1_000_000;

/** What asks for a changed, partial or packed answer is about the whole, not about a part. */
const NOT_FOR_PARTS = new Set([
  'accept',
  'accept-encoding',
  'content-type',
  'content-encoding',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]);

/**
 * Asks several upstreams at once and answers one object with their answers.
 *
 * Any part missing (404) makes the whole 404. A part whose service is down or late is null, named in
 * `incomplete`, and `X-Complete` says false; with every part down the answer is 503.
 */
export const aggregate: EndpointDefinition<AggregateOptions> = {
  name: 'aggregate',
  options: {
    type: 'object',
    description: 'Asks several upstreams at once and answers one object with their answers.',
    properties: {},
    minProperties: 1,
    additionalProperties: {
      type: 'object',
      description: 'A part; its name is its place in the answer.',
      properties: {
        upstream: { type: 'string', description: 'A name under `upstreams`.' },
        path: { type: 'string', description: "The upstream's path, with the route's parameters." },
      },
      required: ['upstream', 'path'],
      additionalProperties: false,
    },
  },
  create(options, { route, template, observer, log, upstream }) {
    const timeoutMs = durationMs(route.timeout);
    const parts = Object.entries(options).map(([name, part]): Part => {
      const buildPath = targetPathBuilder(part.path, template);
      return { name, upstream: upstream(part.upstream), buildPath };
    });

    async function ask(
      part: Part,
      exchange: Exchange,
      headers: string[],
      onRequest: (request: UpstreamRequest) => void,
    ): Promise<Outcome> {
      try {
        const answer = await collect(
          part.upstream,
          {
            method: 'GET',
            path: part.buildPath(exchange.parameters),
            headers,
            body: null,
            timeoutMs,
            idleTimeoutMs: timeoutMs,
          },
          observer,
          { maxBytes: MAX_PART_BYTES, onRequest },
        );
        if (answer.status === 404) return { kind: 'missing' };
        if (answer.status !== 200) throw new Error(`${part.name} answered ${answer.status}`);
        const json = answer.body.toString('utf8');
        // Embedded as it is, but only when it is JSON: anything else would break the whole.
        JSON.parse(json);
        return { kind: 'found', json };
      } catch (error) {
        return { kind: 'down', error };
      }
    }

    return async (exchange): Promise<Answer> => {
      const headers = partHeaders(exchange.headers);
      const requests: UpstreamRequest[] = [];
      exchange.onClientGone = () => {
        for (const request of requests) request.abort(clientGone());
      };
      exchange.upstream = parts.map((part) => part.upstream.name).join(',');
      const outcomes = await allOrFirstMissing(
        parts.map((part) => ask(part, exchange, headers, (request) => requests.push(request))),
      );
      exchange.replica = requests.map(({ replica }) => replica?.name ?? '').join(',');
      exchange.attempts = requests.reduce((sum, { attempts }) => sum + attempts, 0);
      const missing = parts.filter((_, index) => outcomes[index]?.kind === 'missing');
      if (missing.length > 0) {
        const names = missing.map(({ name }) => name).join(' and no ');
        throw problem('WT-RESOURCE-NOT-FOUND', `There is no ${names} with that id.`);
      }
      const down: string[] = [];
      let body = '{';
      for (const [index, { name }] of parts.entries()) {
        const outcome = outcomes[index] as Outcome;
        if (outcome.kind === 'down') {
          down.push(name);
          log.warn(
            { reason: reasonOf(outcome.error), part: name, requestId: exchange.requestId },
            'part missing',
          );
        }
        body += `${index === 0 ? '' : ','}${JSON.stringify(name)}:${outcome.kind === 'found' ? outcome.json : 'null'}`;
      }
      if (down.length === parts.length) {
        throw problem('WT-UNAVAILABLE', `None of ${down.join(', ')} can be had now; try again.`, {
          headers: { 'retry-after': '1' },
        });
      }
      if (down.length > 0) body += `,"incomplete":${JSON.stringify(down)}`;
      const complete = String(down.length === 0);
      return {
        status: 200,
        headers: ['content-type', 'application/json', 'x-complete', complete],
        body: `${body}}`,
      };
    };
  },
};

/** All outcomes; sooner when one is missing, since then the others change nothing. */
async function allOrFirstMissing(
  asked: readonly Promise<Outcome>[],
): Promise<readonly (Outcome | undefined)[]> {
  const outcomes: (Outcome | undefined)[] = asked.map(() => undefined);
  return new Promise((resolve) => {
    let waiting = asked.length;
    for (const [index, one] of asked.entries()) {
      void one.then((outcome) => {
        outcomes[index] = outcome;
        waiting -= 1;
        if (waiting === 0 || outcome.kind === 'missing') resolve([...outcomes]);
      });
    }
  });
}

function partHeaders(headers: readonly string[]): string[] {
  const kept = ['accept', 'application/json'];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!NOT_FOR_PARTS.has(name)) kept.push(name, headers[index + 1] as string);
  }
  return kept;
}
