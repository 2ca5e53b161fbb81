import { STATUS_CODES } from 'node:http';
import type { ProblemError } from './errors.ts';
import { problemDocument, problemHeaders } from './problem.ts';
import { newRequestId } from './request-id.ts';

/**
 * A whole HTTP/1.1 answer as text, for a request that the parser refused and that has no response
 * object. It asks for the end of the connection: what follows on it cannot be told apart.
 */
export function rawProblem(error: ProblemError): string {
  const requestId = newRequestId();
  const body = JSON.stringify(problemDocument(error, { instance: '', requestId }));
  const headers = {
    ...problemHeaders(error, requestId),
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    date: new Date().toUTCString(),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('')}\r\n${body}`;
}
