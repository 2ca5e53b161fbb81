/**
 * Words used here.
 *
 * - contract: the OpenAPI 3.1 file of a service; the source of its routes, checks and types.
 * - operation: one method on one path of a contract, known by its `operationId`.
 * - problem: an error answer as RFC 9457 has it (`application/problem+json`).
 * - private port: where `/livez`, `/readyz` and `/metrics` are; never published.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { UpgradeListener } from './upgrade.ts';

export type { Logger } from 'pino';

/** A service or worker, made by `createXApp(dependencies)`; it owns no process, port or pool. */
export interface App {
  /** Serves the contract; a worker has none. */
  readonly handler?: RequestListener;
  /** Takes requests for WebSocket; without it they are answered as any other. */
  readonly upgrade?: UpgradeListener;
  /** Starts consumers and background loops. */
  start(): Promise<void>;
  /** Ends them and waits for what runs. */
  stop(): Promise<void>;
}

/** A handler's answer that it has written to `response` itself (a stream). */
export const STREAMED: unique symbol = Symbol('streamed');

/** What an operation's handler gets; the parameters and the body have passed the contract. */
export interface OperationRequest<Operation = unknown> {
  readonly params: ParameterOf<Operation, 'path'>;
  readonly query: ParameterOf<Operation, 'query'>;
  readonly body: BodyOf<Operation>;
  readonly requestId: string;
  readonly log: Logger;
  /** Aborted when the client goes before the answer. */
  readonly signal: AbortSignal;
  /** Aborted when the server begins to close: a stream without end has to end then. */
  readonly closing: AbortSignal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

type ParameterOf<Operation, Place extends 'path' | 'query'> = Operation extends {
  parameters: infer Parameters;
}
  ? Place extends keyof Parameters
    ? NonNullable<Parameters[Place]>
    : Record<string, never>
  : Record<string, never>;

type BodyOf<Operation> = Operation extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? Body
  : undefined;

type JsonOf<Response> = Response extends { content: { 'application/json': infer Body } }
  ? { readonly body: Body }
  : { readonly body?: undefined };

type ResponsesOf<Operation> = Operation extends { responses: infer Responses } ? Responses : never;

/** Statuses from 200 to 399; errors are thrown as `ProblemError`. */
type SuccessOf<Responses> = {
  [Status in keyof Responses & number]: `${Status}` extends `2${string}` | `3${string}`
    ? Status
    : never;
}[keyof Responses & number];

/** One of the successes that the contract names, with its body, or `STREAMED`. */
export type OperationResult<Operation> =
  | {
      [Status in SuccessOf<ResponsesOf<Operation>>]: {
        readonly status: Status;
        readonly headers?: Readonly<Record<string, string>>;
      } & JsonOf<ResponsesOf<Operation>[Status]>;
    }[SuccessOf<ResponsesOf<Operation>>]
  | typeof STREAMED;

/** A handler for each operation of a contract; `Operations` is what openapi-typescript wrote. */
export type Handlers<Operations> = {
  readonly [Id in keyof Operations]: (
    request: OperationRequest<Operations[Id]>,
  ) => Promise<OperationResult<Operations[Id]>>;
};
