import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { closingSignalOf } from './closing.ts';
import type { Exchange } from './exchange.ts';
import type { OperationRequest } from './types.ts';

/** What a handler gets; its logger and its signals are made when first asked for. */
export class OperationCall implements OperationRequest {
  readonly params: never;
  readonly query: never;
  readonly body: never;
  readonly requestId: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #exchange: Exchange;
  readonly #log: Logger;
  #child: Logger | undefined;
  #gone: AbortController | undefined;

  constructor(
    input: { readonly params: unknown; readonly query: unknown; readonly body: unknown },
    exchange: Exchange,
    log: Logger,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.params = input.params as never;
    this.query = input.query as never;
    this.body = input.body as never;
    this.requestId = exchange.requestId;
    this.request = request;
    this.response = response;
    this.#exchange = exchange;
    this.#log = log;
  }

  get log(): Logger {
    const { requestId, traceId } = this.#exchange;
    return (this.#child ??= this.#log.child({ requestId, ...(traceId && { traceId }) }));
  }

  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      this.#gone = gone;
      const abort = () => {
        if (!this.response.writableFinished) gone.abort(new Error('The client has gone.'));
      };
      if (this.response.closed) abort();
      else this.response.once('close', abort);
    }
    return this.#gone.signal;
  }

  get closing(): AbortSignal {
    return closingSignalOf(this.request);
  }
}
