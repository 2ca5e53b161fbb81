import type { Answer } from '../exchange/answer.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { CODES, errorText, idOf, readCall, resultText, RpcError } from '../json-rpc/protocol.ts';
import type { Call } from '../json-rpc/protocol.ts';
import { isEncoded, isJson, mediaTypeOf } from '../exchange/media-type.ts';
import type { EndpointDefinition } from '../plugin.ts';
import { clientGone, mediaTypeUnsupported } from '../problems.ts';
import { sizeBytes } from '../config/units.ts';
import type { UpstreamRequest } from '../upstreams/upstream-request.ts';
import { createOperation, operationSchema } from './json-rpc/operation.ts';
import type { OperationOptions } from './json-rpc/operation.ts';

interface JsonRpcOptions {
  readonly upstream?: string;
  readonly methods: Readonly<Record<string, OperationOptions>>;
  readonly maxBatch?: number;
  readonly parallel?: number;
}

/** Answers JSON-RPC 2.0 calls, single or in a batch, by REST operations of upstreams. */
export const jsonRpc: EndpointDefinition<JsonRpcOptions> = {
  name: 'jsonRpc',
  options: {
    type: 'object',
    description:
      'Answers JSON-RPC 2.0 calls, single or in a batch, by REST operations of upstreams.',
    properties: {
      upstream: {
        type: 'string',
        description: 'A name under `upstreams`, for the methods that give none.',
      },
      methods: {
        type: 'object',
        description: 'The REST operation of each JSON-RPC method.',
        minProperties: 1,
        additionalProperties: operationSchema,
      },
      maxBatch: {
        type: 'integer',
        minimum: 1,
        maximum: 1_000,
        default: 50,
        description: 'The most calls in a batch; a larger one is refused whole.',
      },
      parallel: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        default: 10,
        description: 'How many calls of a batch run at once.',
      },
    },
    required: ['methods'],
    additionalProperties: false,
  },
  create({ upstream, methods, maxBatch = 50, parallel = 10 }, context) {
    const { route, decision } = context;
    const other = route.methods.find((method) => method !== 'POST');
    if (other !== undefined) {
      throw new TypeError(`JSON-RPC is asked with POST: take ${other} out of the methods`);
    }
    const operations = new Map(
      Object.entries(methods).map(([name, options]) => [
        name,
        createOperation(name, { ...(upstream !== undefined && { upstream }), ...options }, context),
      ]),
    );
    const maxBytes = sizeBytes(route.maxBody);
    const count = {
      result: decision('jsonRpc', 'result'),
      error: decision('jsonRpc', 'error'),
      notification: decision('jsonRpc', 'notification'),
    };

    /** The result as JSON. @throws RpcError (rejections). */
    async function run(call: Call, exchange: Exchange, asked: UpstreamRequest[]): Promise<string> {
      const operation = operations.get(call.method);
      if (operation === undefined) throw new RpcError(CODES.methodNotFound, 'Method not found');
      return operation(call.params, exchange, (request) => asked.push(request));
    }

    /** What one element of a batch, or the whole of the body, is answered with; nothing if it is a notification. */
    async function respond(
      value: unknown,
      exchange: Exchange,
      asked: UpstreamRequest[],
    ): Promise<string | undefined> {
      const call = readCall(value);
      if (call === undefined) return refuse(CODES.invalidRequest, 'Invalid Request', idOf(value));
      try {
        const result = await run(call, exchange, asked);
        if (call.id === undefined) count.notification();
        else count.result();
        return call.id === undefined ? undefined : resultText(call.id, result);
      } catch (error) {
        count.error();
        if (!(error instanceof RpcError)) throw error;
        return call.id === undefined ? undefined : errorText(call.id, error);
      }
    }

    function refuse(code: number, message: string, id = idOf(undefined)): string {
      count.error();
      return errorText(id, new RpcError(code, message));
    }

    async function answerText(
      body: Buffer,
      exchange: Exchange,
      asked: UpstreamRequest[],
    ): Promise<string | undefined> {
      let value: unknown;
      try {
        value = JSON.parse(body.toString());
      } catch {
        return refuse(CODES.parse, 'Parse error');
      }
      if (!Array.isArray(value)) return respond(value, exchange, asked);
      if (value.length === 0) return refuse(CODES.invalidRequest, 'Invalid Request');
      if (value.length > maxBatch) {
        return refuse(CODES.invalidRequest, `A batch has at most ${maxBatch} calls`);
      }
      const texts = await inParallel(value, parallel, (one) => respond(one, exchange, asked));
      const answered = texts.filter((text) => text !== undefined);
      return answered.length === 0 ? undefined : `[${answered.join(',')}]`;
    }

    return async (exchange): Promise<Answer> => {
      const { headers } = exchange;
      if (!isJson(mediaTypeOf(headers)) || isEncoded(headers)) {
        throw mediaTypeUnsupported('application/json without content-encoding');
      }
      const body = await exchange.readBody(maxBytes);
      const asked: UpstreamRequest[] = [];
      exchange.onClientGone = () => {
        for (const request of asked) request.abort(clientGone());
      };
      try {
        const text = await answerText(body, exchange, asked);
        return text === undefined
          ? { status: 204, headers: [], body: null }
          : { status: 200, headers: ['content-type', 'application/json'], body: text };
      } finally {
        exchange.replica = asked.map(({ replica }) => replica?.name ?? '').join(',');
        exchange.attempts = asked.reduce((sum, { attempts }) => sum + attempts, 0);
      }
    };
  },
};

/** The results in the order of the values, `limit` of them at work at a time. */
async function inParallel<Value, Result>(
  values: readonly Value[],
  limit: number,
  work: (value: Value) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    while (next < values.length) {
      const index = next;
      next += 1;
      results[index] = await work(values[index] as Value);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, values.length) }, worker));
  return results;
}
