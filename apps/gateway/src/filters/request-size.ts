import type { FilterDefinition } from '../plugin.ts';
import { bodyTooLarge, headersTooLarge, queryTooLong } from '../problems.ts';
import { SIZE_PATTERN, sizeBytes } from '../config/units.ts';

interface RequestSizeOptions {
  readonly body?: string;
  readonly headers?: string;
  readonly query?: string;
}

/** What a header takes beside its name and value: a colon, a space and the end of the line. */
const HEADER_EXTRA_BYTES = 4;

const size = (description: string) => ({ type: 'string', pattern: SIZE_PATTERN, description });

/** Refuses what is too large before anything of it goes on. */
export const requestSize: FilterDefinition<RequestSizeOptions> = {
  name: 'requestSize',
  options: {
    type: 'object',
    description: 'Refuses requests that are too large: 413, 431 or 414.',
    properties: {
      body: size(
        "The largest body, told or counted as it comes; 413 past it. The route's maxBody holds as well.",
      ),
      headers: size('The most bytes of all headers together; 431 past it.'),
      query: size('The longest query; 414 past it.'),
    },
    minProperties: 1,
    additionalProperties: false,
  },
  incoming({ body, headers, query }, { decision }) {
    const maxBody = bytesOf(body);
    const maxHeaders = bytesOf(headers);
    const maxQuery = bytesOf(query);
    const refused = decision('requestSize', 'refused');

    return (exchange) => {
      const { request } = exchange;
      const queryBytes = exchange.query.length;
      if (queryBytes > maxQuery) {
        refused();
        throw queryTooLong(queryBytes, maxQuery);
      }
      const headerBytes = headers === undefined ? 0 : bytesOfHeaders(request.rawHeaders);
      if (headerBytes > maxHeaders) {
        refused();
        throw headersTooLarge(headerBytes, maxHeaders);
      }
      if (Number(request.headers['content-length'] ?? 0) > maxBody) {
        refused();
        throw bodyTooLarge(maxBody);
      }
      // What does not tell its length is counted by whoever reads it.
      exchange.bodyLimit = Math.min(exchange.bodyLimit, maxBody);
      return undefined;
    };
  },
};

function bytesOf(option: string | undefined): number {
  return option === undefined ? Number.POSITIVE_INFINITY : sizeBytes(option);
}

/** Headers are latin1: a character is a byte. */
function bytesOfHeaders(rawHeaders: readonly string[]): number {
  let bytes = (rawHeaders.length / 2) * HEADER_EXTRA_BYTES;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
