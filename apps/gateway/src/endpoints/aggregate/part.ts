import { jsonPointer } from './json-pointer.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import type { BuildContext } from '../../plugin.ts';
import { partFailed, partMissing } from '../../problems.ts';
import { pairsWriter } from '../../template/places.ts';
import { RequestValues } from '../../template/request-values.ts';
import { DURATION_PATTERN, durationMs } from '../../config/units.ts';
import type { UpstreamRequest } from '../../upstreams/upstream-request.ts';
import { collect } from '../upstream/collect.ts';
import { targetPathBuilder } from '../upstream/target.ts';

/** A part as the configuration has it. */
export interface PartOptions {
  readonly upstream: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly timeout?: string;
  readonly required?: boolean;
  readonly fallback?: unknown;
  readonly pick?: string;
}

export const partSchema = {
  type: 'object',
  description: 'A part, asked with GET; its name is its place in the answer.',
  properties: {
    upstream: { type: 'string', description: 'A name under `upstreams`.' },
    path: { type: 'string', description: "The upstream's path, with the route's parameters." },
    query: {
      type: 'object',
      description:
        'Templates of the query of the part, of {path.name}, {query.name}, {headers.name}, {subject} and {requestId}.',
      additionalProperties: { type: 'string' },
    },
    timeout: {
      type: 'string',
      pattern: DURATION_PATTERN,
      description:
        "How long the part's whole answer may take; the route's own timeout unless given, and never longer.",
    },
    required: {
      type: 'boolean',
      description: 'True when the answer is of no use without this part: 502, 503 or 504 then.',
      default: false,
    },
    fallback: { description: 'Any JSON, given in place of the part while it is down; else null.' },
    pick: {
      type: 'string',
      pattern: '^(/[^/]*)+$',
      description: "A JSON pointer into the part's answer: only what it points at is given.",
    },
  },
  required: ['upstream', 'path'],
  additionalProperties: false,
} as const;

/** A part ready to be asked. */
export interface Part {
  readonly name: string;
  readonly upstream: string;
  readonly required: boolean;
  /** What is given in its place while it is down, as JSON. */
  readonly fallback: string | undefined;
  /**
   * Asks for the part, and gives it as JSON.
   * @throws ProblemError 404 when there is none, 502, 503 or 504 when it cannot be had (rejections).
   */
  ask(
    exchange: Exchange,
    headers: string[],
    onRequest: (request: UpstreamRequest) => void,
  ): Promise<string>;
}

/** A part is held in memory whole. */
const MAX_PART_BYTES = 1_000_000;

/** @throws TypeError for what the schema cannot see. */
export function createPart(
  name: string,
  options: PartOptions,
  { route, template, observer, upstream: find }: BuildContext,
): Part {
  const upstream = find(options.upstream);
  const buildPath = targetPathBuilder(options.path, template);
  const writeQuery =
    options.query === undefined
      ? undefined
      : pairsWriter(options.query, {
          sources: ['path', 'query', 'headers', 'subject', 'requestId'],
          parameters: template.parameters,
        });
  const limitMs = Math.min(durationMs(options.timeout ?? route.timeout), durationMs(route.timeout));
  const pick = options.pick === undefined ? undefined : jsonPointer(options.pick);

  function pathOf(exchange: Exchange): string {
    const path = buildPath(exchange.parameters);
    const query = writeQuery?.(new RequestValues(exchange)) ?? '';
    return query === '' ? path : `${path}?${query}`;
  }

  /** Embedded as it is, but only when it is JSON: anything else would break the whole. */
  function checked(body: Buffer): string {
    const json = body.toString('utf8');
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch (error) {
      throw partFailed(name, 'did not answer with JSON', error);
    }
    if (pick === undefined) return json;
    const picked = JSON.stringify(pick(value)) as string | undefined;
    if (picked === undefined) throw partFailed(name, `answered nothing at ${options.pick}`);
    return picked;
  }

  return {
    name,
    upstream: upstream.name,
    required: options.required === true,
    fallback: options.fallback === undefined ? undefined : JSON.stringify(options.fallback),
    async ask(exchange, headers, onRequest) {
      const timeoutMs = exchange.timeLeft(limitMs);
      const { status, body } = await collect(
        upstream,
        {
          method: 'GET',
          path: pathOf(exchange),
          headers,
          body: null,
          timeoutMs,
          idleTimeoutMs: timeoutMs,
          span: exchange.span,
        },
        observer,
        { maxBytes: MAX_PART_BYTES, onRequest },
      );
      if (status === 404) throw partMissing(name);
      if (status !== 200) throw partFailed(name, `answered ${status}`, undefined, status);
      return checked(body);
    },
  };
}
