import { ProblemError } from '@woodytoys/service';
import { METHODS } from '../../config/schema.ts';
import type { Exchange } from '../../exchange/exchange.ts';
import { CODES, isObject, RpcError } from '../../json-rpc/protocol.ts';
import { isJson, mediaTypeOf } from '../../exchange/media-type.ts';
import type { BuildContext } from '../../plugin.ts';
import { jsonWriter } from '../../template/json.ts';
import { pairsWriter, pathWriter } from '../../template/places.ts';
import type { Scope } from '../../template/placeholder.ts';
import { memberOf } from '../../template/request-values.ts';
import type { Values } from '../../template/values.ts';
import { durationMs } from '../../config/units.ts';
import type { UpstreamRequest } from '../../upstreams/upstream-request.ts';
import { collect } from '../upstream/collect.ts';
import type { CollectedAnswer } from '../upstream/collect.ts';
import { partHeaders } from '../upstream/part-headers.ts';

export interface OperationOptions {
  readonly upstream?: string;
  readonly method?: string;
  readonly path: string;
  readonly params?: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export const operationSchema = {
  type: 'object',
  description:
    'A REST operation. Path, query and body are templates of {params.name}, {params}, {subject} and {requestId}.',
  properties: {
    upstream: {
      type: 'string',
      description: "A name under `upstreams`; the endpoint's own unless given.",
    },
    method: { enum: METHODS, default: 'GET', description: 'Its HTTP method.' },
    path: { type: 'string', pattern: '^/', description: 'A template of its path.' },
    params: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      description: 'The names of parameters that come in a list, in their order.',
    },
    query: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Templates of its query by parameter.',
    },
    body: { description: 'Its body as JSON: any JSON whose strings are templates.' },
  },
  required: ['path'],
  additionalProperties: false,
} as const;

/** Runs an operation with the parameters of a call; gives its result as JSON, and throws RpcError. */
export type RunOperation = (
  params: unknown,
  exchange: Exchange,
  onRequest: (request: UpstreamRequest) => void,
) => Promise<string>;

/** An answer is held in memory whole. */
const MAX_ANSWER_BYTES = 1_000_000;

/** @throws TypeError for what the schema cannot see. */
export function createOperation(
  name: string,
  options: OperationOptions,
  { route, observer, upstream: find }: BuildContext,
): RunOperation {
  const { method = 'GET', params: names } = options;
  if (options.upstream === undefined) {
    throw new TypeError(`the method "${name}" has no upstream; give it one, or the endpoint`);
  }
  const upstream = find(options.upstream);
  const scope: Scope = { sources: ['params', 'subject', 'requestId'], parameters: [] };
  const buildPath = pathWriter(options.path, scope);
  const buildQuery = pairsWriter(options.query ?? {}, scope);
  const buildBody = options.body === undefined ? undefined : jsonWriter(options.body, scope);
  const timeoutLimitMs = durationMs(route.timeout);

  function requestOf(given: unknown, exchange: Exchange) {
    const params = named(given, names);
    const values: Values = {
      find: ({ source, keys }) =>
        source === 'params' ? memberOf(params, keys) : exchange[source as 'subject' | 'requestId'],
    };
    try {
      const query = buildQuery(values);
      return {
        path: buildPath(values) + (query === '' ? '' : `?${query}`),
        body: buildBody?.(values),
      };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      throw new RpcError(CODES.invalidParams, 'Invalid params', { errors: error.errors });
    }
  }

  return async (given, exchange, onRequest) => {
    const { path, body } = requestOf(given, exchange);
    const headers = partHeaders(exchange.headers);
    if (body !== undefined) headers.push('content-type', 'application/json');
    const timeoutMs = exchange.timeLeft(timeoutLimitMs);
    let answer: CollectedAnswer;
    try {
      answer = await collect(
        upstream,
        {
          method,
          path,
          headers,
          body: body === undefined ? null : Buffer.from(body),
          timeoutMs,
          idleTimeoutMs: timeoutMs,
          span: exchange.span,
        },
        observer,
        { maxBytes: MAX_ANSWER_BYTES, onRequest },
      );
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { status, title } = error;
      throw new RpcError(CODES.internal, 'Internal error', { status, title });
    }
    return resultOf(answer);
  };
}

/** Parameters in a list get the names that the operation gives them. */
function named(params: unknown, names: readonly string[] | undefined): unknown {
  if (!Array.isArray(params) || names === undefined) return params;
  return Object.fromEntries(names.map((name, index) => [name, params[index] as unknown]));
}

function resultOf({ status, headers, body }: CollectedAnswer): string {
  const type = mediaTypeOf(['content-type', headers['content-type'] ?? '']);
  const text = body.toString();
  if (status >= 200 && status < 300) return resultText(type, text);
  const data = { status, ...(type === 'application/problem+json' && problemOf(text)) };
  if (status === 400 || status === 422) {
    throw new RpcError(CODES.invalidParams, 'Invalid params', data);
  }
  if (status >= 400 && status < 500) throw new RpcError(CODES.refused, 'Refused', data);
  throw new RpcError(CODES.internal, 'Internal error', { status });
}

function resultText(type: string | undefined, text: string): string {
  if (text === '') return 'null';
  if (type?.startsWith('text/')) return JSON.stringify(text);
  const unusable = { status: 502 };
  if (!isJson(type)) throw new RpcError(CODES.internal, 'Internal error', unusable);
  try {
    // Embedded as it is, but only when it is JSON: anything else would break the whole.
    JSON.parse(text);
    return text;
  } catch {
    throw new RpcError(CODES.internal, 'Internal error', unusable);
  }
}

/** What a problem says to its reader; the rest is about the REST operation. */
function problemOf(text: string): Record<string, unknown> {
  try {
    const problem: unknown = JSON.parse(text);
    if (!isObject(problem)) return {};
    const { title, detail, errors } = problem;
    return { title, detail, errors };
  } catch {
    return {};
  }
}
