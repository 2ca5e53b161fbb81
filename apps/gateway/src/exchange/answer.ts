import type { ServerResponse } from 'node:http';
import { Readable, pipeline } from 'node:stream';
import { problemDocument, problemHeaders, toProblem } from '@woodytoys/service';
import type { Exchange } from './exchange.ts';
import { withHeader, withoutHeaders } from './header-list.ts';

/** What an endpoint or an aborting filter answers. */
export interface Answer {
  readonly status: number;
  /** Names in lower case and values in turn; no hop-by-hop header. */
  readonly headers: readonly string[];
  readonly body: Buffer | string | Readable | null;
}

/**
 * An endpoint's word that it writes the answer to the response itself. The same in every copy of this
 * module: a plugin may come with its own.
 */
export const TAKEN: unique symbol = Symbol.for('@woodytoys/gateway taken');

/** Says `value` as JSON. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: readonly string[] = [],
): Answer {
  return {
    status,
    headers: ['content-type', 'application/json', ...headers],
    body: JSON.stringify(value),
  };
}

/** An answer whose body is at hand. */
export interface WholeAnswer extends Answer {
  readonly body: Buffer;
}

/**
 * The same answer with its body in one piece.
 * @throws Error past `maxBytes` (rejection); the upstream's side is then closed.
 */
export async function wholeAnswer(answer: Answer, maxBytes: number): Promise<WholeAnswer> {
  const { status, headers, body } = answer;
  if (body === null) return { status, headers, body: Buffer.alloc(0) };
  if (typeof body === 'string') return { status, headers, body: Buffer.from(body) };
  if (Buffer.isBuffer(body)) return { status, headers, body };
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return {
    status,
    headers,
    body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
  };
}

/** Any error as problem+json. */
export function problemAnswer(error: unknown, exchange: Exchange): Answer {
  const problem = toProblem(error);
  const { requestId, path: instance } = exchange;
  const headers = Object.entries(problemHeaders(problem, requestId));
  return {
    status: problem.status,
    // The request id goes with every answer; it is not repeated here.
    headers: headers.filter(([name]) => name !== 'x-request-id').flat(),
    body: JSON.stringify(problemDocument(problem, { instance, requestId })),
  };
}

/** Writes the head of an answer with what every answer of the gateway carries. */
export function writeHead(exchange: Exchange, status: number, headers: readonly string[]): void {
  const { notReturned, requestId, answerHeaders } = exchange;
  const kept = notReturned === undefined ? headers : withoutHeaders(headers, notReturned);
  const all = [...kept, 'x-request-id', requestId, ...answerHeaders];
  exchange.response.writeHead(status, all);
}

/** Writes an answer; one whose body breaks is cut, so that a part is not taken for the whole. */
export function sendAnswer(exchange: Exchange, { status, headers, body }: Answer): void {
  const { response } = exchange;
  const stream = body instanceof Readable ? body : undefined;
  if (response.headersSent || response.destroyed) {
    stream?.destroy();
    response.destroy();
    return;
  }
  // It broke while a filter waited: nothing of the answer is sent yet, so its client can be told.
  if (stream?.destroyed) {
    sendProblemAnswer(exchange, stream.errored ?? new Error('the answer was let go'));
    return;
  }
  if (body === null || typeof body === 'string' || Buffer.isBuffer(body)) {
    writeHead(exchange, status, withLength(exchange, status, headers, body));
    endWith(response, body);
    return;
  }
  writeHead(exchange, status, headers);
  const letGo = () => body.destroy();
  exchange.onClientGone = letGo;
  pipeline(body, response, (error) => {
    if (error) exchange.error ??= error;
  });
}

/** latin1 gives every byte back as it was; past this a copy costs more than it saves. */
const SMALL_BYTES = 16_384;

/**
 * Ends an answer with its body, or the rest of it. A small one goes as text, so that Node sends head,
 * body and end in one string instead of a vector of writes.
 */
export function endWith(response: ServerResponse, body: Buffer | string | null): void {
  if (!Buffer.isBuffer(body)) response.end(body);
  else if (body.length <= SMALL_BYTES) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

/** Answers an error, and keeps its cause for the log. */
export function sendProblemAnswer(exchange: Exchange, error: unknown): void {
  exchange.error = error;
  const answer = problemAnswer(error, exchange);
  try {
    sendAnswer(exchange, answer);
  } catch {
    // A header that a filter added cannot be written, which may be the very error; without it, this can.
    exchange.answerHeaders.length = 0;
    sendAnswer(exchange, answer);
  }
  discardBody(exchange);
}

/** How much of an unwanted body is read so that its sender sees the answer and not a reset. */
const DISCARD_BYTES = 4_000_000;

/** Lets go of a request whose body is not wanted any more. */
export function discardBody({ request }: Exchange): void {
  if (request.complete) return;
  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARD_BYTES) request.destroy();
  });
}

function withLength(
  { request }: Exchange,
  status: number,
  headers: readonly string[],
  body: Buffer | string | null,
): readonly string[] {
  const bytes = body === null ? 0 : Buffer.byteLength(body);
  // An answer to HEAD tells the length of what GET would give.
  if (status === 204 || status === 304 || (bytes === 0 && request.method === 'HEAD'))
    return headers;
  return withHeader(headers, 'content-length', String(bytes));
}
