import { randomUUID } from 'node:crypto';
import { problem, ProblemError } from '@woodytoys/service';
import type { ErrorCode } from '@woodytoys/service';
import { wholeAnswer } from '../exchange/answer.ts';
import type { Answer, WholeAnswer } from '../exchange/answer.ts';
import { describeNewBody } from '../exchange/body-headers.ts';
import { decodeBody } from '../exchange/decode-body.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { headerValue, replaceHeader } from '../exchange/header-list.ts';
import { CODES, isObject, VERSION } from '../json-rpc/protocol.ts';
import { isEncoded } from '../exchange/media-type.ts';
import type { FilterDefinition } from '../plugin.ts';
import { answerUnusable } from '../problems.ts';
import { readBodyValues } from '../template/body-values.ts';
import { jsonWriter } from '../template/json.ts';
import { pathWriter } from '../template/places.ts';
import { readsBody, requestScope } from '../template/request-scope.ts';
import { RequestValues } from '../template/request-values.ts';
import { SIZE_PATTERN, sizeBytes } from '../config/units.ts';

interface JsonRpcOptions {
  readonly method: string;
  readonly params?: unknown;
  readonly path?: string;
  readonly notification?: boolean;
  readonly status?: number;
  readonly errors?: Readonly<Record<string, number>>;
  readonly maxAnswer?: string;
}

/** What each status is in the catalogue of errors. */
const PROBLEMS: Readonly<Record<number, ErrorCode>> = {
  400: 'WT-PARAMETER-INVALID',
  401: 'WT-UNAUTHENTICATED',
  403: 'WT-FORBIDDEN',
  404: 'WT-RESOURCE-NOT-FOUND',
  409: 'WT-CONFLICT',
  412: 'WT-PRECONDITION-FAILED',
  422: 'WT-BODY-INVALID',
  429: 'WT-RATE-LIMITED',
  503: 'WT-UNAVAILABLE',
};

const CODE = /^-?\d{1,9}$/;
/** What asks for another answer than the whole one. */
const ABOUT_THE_ANSWER = ['range', 'if-range', 'if-none-match', 'if-modified-since'];

/** Makes a REST request a JSON-RPC 2.0 call of the upstream, and its result or error an answer. */
export const jsonRpc: FilterDefinition<JsonRpcOptions> = {
  name: 'jsonRpc',
  options: {
    type: 'object',
    description:
      'Makes a REST request a JSON-RPC 2.0 call of the upstream, its result the body of the answer, and its error a problem.',
    properties: {
      method: { type: 'string', minLength: 1, description: 'The JSON-RPC method.' },
      params: {
        type: ['object', 'array'],
        description: 'Its parameters: JSON whose strings are templates, as in `rewrite`.',
      },
      path: {
        type: 'string',
        pattern: '^/',
        description: "A template of the path at the upstream; the endpoint's own unless given.",
      },
      notification: {
        type: 'boolean',
        default: false,
        description: 'Sends the call without an id, and answers 204.',
      },
      status: {
        type: 'integer',
        minimum: 200,
        maximum: 299,
        default: 200,
        description: 'The status of a result.',
      },
      errors: {
        type: 'object',
        description:
          'The status of an error by its code, such as "-32004": 404; the message is then shown. -32602 is 400 and every other code 502 unless given.',
        propertyNames: { pattern: CODE.source },
        additionalProperties: { enum: Object.keys(PROBLEMS).map(Number) },
      },
      maxAnswer: {
        type: 'string',
        pattern: SIZE_PATTERN,
        default: '1MB',
        description: 'The largest answer of the service, unpacked; 502 past it.',
      },
    },
    required: ['method'],
    additionalProperties: false,
  },
  around(options, { route, template, decision }) {
    const { method, notification = false, status = 200, maxAnswer = '1MB' } = options;
    const scope = requestScope(template);
    const writeParams =
      options.params === undefined ? undefined : jsonWriter(options.params, scope);
    const buildPath = options.path === undefined ? undefined : pathWriter(options.path, scope);
    const needsBody = readsBody([options.params, options.path], scope);
    const maxBodyBytes = sizeBytes(route.maxBody);
    const maxAnswerBytes = sizeBytes(maxAnswer);
    const start = `{"jsonrpc":"${VERSION}","method":${JSON.stringify(method)}`;
    const errors = new Map(Object.entries({ [CODES.invalidParams]: 400, ...options.errors }));
    const count = {
      result: decision('jsonRpc', 'result'),
      error: decision('jsonRpc', 'error'),
      notification: decision('jsonRpc', 'notification'),
      unusable: decision('jsonRpc', 'unusable'),
    };

    function apply(exchange: Exchange, body: unknown, id: string): void {
      const values = new RequestValues(exchange, body);
      const path = buildPath?.(values);
      const params = writeParams?.(values);
      const withParams = params === undefined ? '' : `,"params":${params}`;
      const call = `${start}${withParams}${notification ? '' : `,"id":"${id}"`}}`;
      if (path !== undefined) exchange.targetPath = path;
      exchange.method = 'POST';
      exchange.query = '';
      exchange.replaceBody(Buffer.from(call));
      const { headers } = exchange;
      describeNewBody(headers, 'application/json');
      for (const name of ABOUT_THE_ANSWER) replaceHeader(headers, name, undefined);
      replaceHeader(headers, 'accept', 'application/json');
      replaceHeader(headers, 'accept-encoding', 'identity');
    }

    function answerOf(answer: WholeAnswer, response: Record<string, unknown>): Answer {
      const { error } = response;
      if (!isObject(error)) {
        count.result();
        const headers = [...answer.headers];
        describeNewBody(headers, 'application/json');
        return { status, headers, body: JSON.stringify(response['result']) };
      }
      count.error();
      const { code, message } = error;
      const known = PROBLEMS[errors.get(String(code)) ?? 0];
      const text = typeof message === 'string' ? message : 'without a message';
      if (known === undefined) throw answerUnusable(new Error(`error ${String(code)}: ${text}`));
      throw problem(known, text);
    }

    return async (exchange, next) => {
      const id = randomUUID();
      apply(exchange, needsBody ? await readBodyValues(exchange, maxBodyBytes) : undefined, id);
      const answer = await unpacked(await next(), maxAnswerBytes);
      const response = notification ? undefined : responseOf(answer.body, id);
      if (response !== undefined) return answerOf(answer, response);
      // A refusal that is no call's, such as 503 with Retry-After, passes as it is.
      if (answer.status >= 400) {
        count.unusable();
        return answer;
      }
      if (notification) {
        count.notification();
        return { status: 204, headers: [], body: null };
      }
      count.unusable();
      throw answerUnusable(new Error('the service answered no JSON-RPC response to the call'));
    };
  },
};

async function unpacked(answer: Answer, maxBytes: number): Promise<WholeAnswer> {
  try {
    const whole = await wholeAnswer(answer, maxBytes);
    if (!isEncoded(whole.headers)) return whole;
    const body = await decodeBody(whole.body, whole.headers, maxBytes);
    const headers = [...whole.headers];
    describeNewBody(headers, headerValue(headers, 'content-type'));
    return { status: whole.status, headers, body };
  } catch (error) {
    throw error instanceof ProblemError ? error : answerUnusable(error);
  }
}

/** The response to the call; undefined when the body is none. */
function responseOf(body: Buffer, id: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (!isObject(value) || value['jsonrpc'] !== VERSION) return undefined;
  const failed = isObject(value['error']);
  if (failed === Object.hasOwn(value, 'result')) return undefined;
  // A service that could not read the call does not know its id.
  return value['id'] === id || (failed && value['id'] === null) ? value : undefined;
}
