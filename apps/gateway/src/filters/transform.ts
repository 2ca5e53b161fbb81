import { ProblemError } from '@woodytoys/service';
import { wholeAnswer } from '../exchange/answer.ts';
import type { Answer } from '../exchange/answer.ts';
import { describeNewBody } from '../exchange/body-headers.ts';
import { DecodedTooLarge, DecodeError, decodeBody } from '../exchange/decode-body.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { replaceHeader } from '../exchange/header-list.ts';
import type { FilterDefinition } from '../plugin.ts';
import {
  answerUnusable,
  bodyMalformed,
  bodyTooLarge,
  gatewayBusy,
  mediaTypeUnsupported,
  transformFailed,
} from '../problems.ts';
import { TransformFailure } from './transform/workers.ts';
import { DURATION_PATTERN, SIZE_PATTERN } from '../config/units.ts';
import { createTransformer } from './transform/transformer.ts';
import type { TransformOptions } from './transform/transformer.ts';

/** What asks for another answer than the whole one, packed by nobody, that is to be transformed. */
const ABOUT_THE_BYTES = ['range', 'if-range', 'if-none-match', 'if-modified-since'];

/**
 * Makes a body into another by a JSONata expression: of the request when incoming, of the answer when
 * outgoing. It runs in a process of its own, within a time, and never holds up the gateway.
 */
export const transform: FilterDefinition<TransformOptions> = {
  name: 'transform',
  options: {
    type: 'object',
    description:
      'Makes a body into another by a JSONata expression: of the request when incoming, of the answer when outgoing. The body is JSON or text.',
    properties: {
      expression: {
        type: 'string',
        minLength: 1,
        description:
          'JSONata over the body. It may use $method, $path, $parameters, $query, $subject, $requestId, $headers (of what is transformed) and $status (of an answer).',
      },
      output: {
        enum: ['json', 'text'],
        default: 'json',
        description: 'The result as JSON, or the text that the expression gives.',
      },
      contentType: {
        type: 'string',
        pattern: '^[\\x20-\\x7e]+$',
        description:
          'The content-type of the result; application/json or text/plain; charset=utf-8 unless given.',
      },
      errors: {
        type: 'boolean',
        default: false,
        description: 'Transforms answers of status 400 and more too.',
      },
      timeout: {
        type: 'string',
        pattern: DURATION_PATTERN,
        default: '100ms',
        description: 'How long the expression may take: 500 for a request, 502 for an answer.',
      },
      maxBody: {
        type: 'string',
        pattern: SIZE_PATTERN,
        default: '1MB',
        description: 'The largest body, unpacked, and the largest result.',
      },
    },
    required: ['expression'],
    additionalProperties: false,
  },

  incoming(options, context) {
    const transformer = createTransformer(options, context);

    return async (exchange) => {
      try {
        const { headers } = exchange;
        const packed = await exchange.readBody(transformer.maxBytes);
        if (packed.length === 0) {
          transformer.countUnchanged();
          return undefined;
        }
        const body = await decodeBody(packed, headers, transformer.maxBytes);
        const made = await transformer.run({ exchange, headers, body, status: undefined });
        exchange.replaceBody(made);
        describeNewBody(headers, transformer.contentType);
        return undefined;
      } catch (error) {
        throw requestProblem(error, transformer.maxBytes);
      }
    };
  },

  prepare() {
    return (exchange): undefined => {
      const { headers } = exchange;
      for (const name of ABOUT_THE_BYTES) replaceHeader(headers, name, undefined);
      replaceHeader(headers, 'accept-encoding', 'identity');
    };
  },

  outgoing(options, context) {
    const transformer = createTransformer(options, context);
    const { errors = false } = options;

    return async (exchange, answer): Promise<Answer> => {
      if (!hasBody(exchange, answer.status)) {
        transformer.countUnchanged();
        return exchange.method === 'HEAD' ? described(answer, transformer.contentType) : answer;
      }
      if (answer.status >= 400 && !errors) {
        transformer.countUnchanged();
        return answer;
      }
      try {
        const { status } = answer;
        const { headers, body: packed } = await wholeAnswer(answer, transformer.maxBytes);
        // A part of the whole cannot be transformed, and must not pass as it is.
        if (status === 206) throw new Error('the service answered a part that nobody asked for');
        if (packed.length === 0) {
          transformer.countUnchanged();
          return { status, headers, body: packed };
        }
        const body = await decodeBody(packed, headers, transformer.maxBytes);
        const made = await transformer.run({ exchange, headers, body, status });
        return { ...described(answer, transformer.contentType), body: made };
      } catch (error) {
        if (error instanceof TransformFailure && error.kind === 'busy') throw gatewayBusy(error);
        throw error instanceof ProblemError ? error : answerUnusable(error);
      }
    };
  },
};

/** Of the method for the upstream: behind a cache, a HEAD of the client is a GET here. */
function hasBody({ method }: Exchange, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 205 && status !== 304;
}

/** An answer with the headers of another body; the length is written with it. */
function described(answer: Answer, type: string | undefined): Answer {
  const headers = [...answer.headers];
  describeNewBody(headers, type);
  return { ...answer, headers };
}

function requestProblem(error: unknown, maxBytes: number): unknown {
  if (error instanceof DecodedTooLarge) return bodyTooLarge(maxBytes);
  if (error instanceof DecodeError) return mediaTypeUnsupported('gzip, deflate, br, zstd or none');
  if (!(error instanceof TransformFailure)) return error;
  if (error.kind === 'busy') return gatewayBusy(error);
  if (error.kind === 'type') return mediaTypeUnsupported('JSON or text');
  return error.kind === 'input' ? bodyMalformed(error) : transformFailed(error);
}
