import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { problem } from './errors.ts';
import type { ProblemError } from './errors.ts';
import { rawProblem } from './raw-problem.ts';
import { hasTimeLimit } from './time-limit.ts';

/** How long a refused client has to read the answer before its connection is cut. */
const LINGER_MS = 1_000;

/** Answers what the HTTP parser of `server` refuses as problem+json, and ends the connection. */
export function answerParserErrors(
  server: Server,
  lastResponse: (socket: Duplex) => ServerResponse | undefined,
  log: Logger | undefined,
  onRefused: (status: number) => void,
): void {
  const answered = new WeakSet<Duplex>();
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The rest of what was refused arrives; reading it keeps the answer from being lost to a reset.
    if (answered.has(socket)) return;
    const last = lastResponse(socket);
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && last?.req.complete === false) {
      if (!hasTimeLimit(last.req)) return;
    }
    const answerBegun = last?.headersSent === true && !last.req.complete;
    if (!socket.writable || error.code === 'ECONNRESET' || answerBegun) {
      socket.destroy(error);
      return;
    }
    answered.add(socket);
    const refusal = parserProblem(error);
    onRefused(refusal.status);
    log?.info({ status: refusal.status, parserCode: error.code }, 'request refused by the parser');
    const answer = () => {
      socket.end(rawProblem(refusal));
      const linger = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => clearTimeout(linger));
    };
    // Answers come in the order of their requests.
    const earlier = last?.req.complete === true && !last.writableFinished;
    if (earlier) last.once('finish', answer);
    else answer();
  });
}

/** A request line whose method the parser does not know, all else being well. */
const UNKNOWN_METHOD = /^[\w!#$%&'*+.^`|~-]{1,32} \S+ HTTP\/1\.[01]\r\n/;

interface ParserError extends NodeJS.ErrnoException {
  /** What came, with requests that were read before the one that fails. */
  readonly rawPacket?: Buffer;
  /** How much of `rawPacket` was read. */
  readonly bytesParsed?: number;
}

function parserProblem(error: ParserError): ProblemError {
  switch (error.code) {
    case 'HPE_INVALID_METHOD':
      if (!UNKNOWN_METHOD.test(failingLine(error))) break;
      return problem('WT-METHOD-NOT-IMPLEMENTED', 'The method is not known; send another.');
    case 'HPE_HEADER_OVERFLOW':
      return problem('WT-HEADERS-TOO-LARGE', 'The headers are over 16 KiB; send less.');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return problem('WT-BODY-TOO-LARGE', 'The chunk extensions are over 16 KiB; send none.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('WT-REQUEST-TIMEOUT', 'The request did not arrive in time; send it again.');
  }
  return problem('WT-REQUEST-UNREADABLE', 'The request breaks the rules of HTTP/1.1.');
}

/** The packet from the beginning of the line that the parser stopped in. */
function failingLine({ rawPacket, bytesParsed = 0 }: ParserError): string {
  const packet = rawPacket?.toString('latin1') ?? '';
  return packet.slice(bytesParsed === 0 ? 0 : packet.lastIndexOf('\n', bytesParsed - 1) + 1);
}
