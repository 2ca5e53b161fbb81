import type { Answer } from '../exchange/answer.ts';
import { describeNewBody } from '../exchange/body-headers.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { headerValue, replaceHeader, withHeader } from '../exchange/header-list.ts';
import { isEncoded, isJson, mediaTypeOf } from '../exchange/media-type.ts';
import type { BuildContext, FilterDefinition, OutgoingFilter } from '../plugin.ts';
import { SIZE_PATTERN, sizeBytes } from '../config/units.ts';
import { chooseEncoding, ENCODINGS } from './compress/accept-encoding.ts';
import type { Encoding } from './compress/accept-encoding.ts';
import { compressStream, compressWhole } from './compress/compressor.ts';

interface CompressOptions {
  readonly encodings?: readonly Encoding[];
  readonly minSize?: string;
  readonly types?: readonly string[];
}

const DEFAULT_TYPES = [
  'text/',
  'application/javascript',
  'application/xml',
  'application/wasm',
  'image/svg+xml',
];
/** Its events are read as they come, and proxies are known to hold them back when they are packed. */
const EVENT_STREAM = 'text/event-stream';
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * Packs answers as the client likes it best. Not packed, and not held back: what is packed already,
 * parts (206), server-sent events, and what says `no-transform`.
 */
export const compress: FilterDefinition<CompressOptions> = {
  name: 'compress',
  options: {
    type: 'object',
    description:
      'Packs answers by zstd, br or gzip, as Accept-Encoding asks; listed in incoming, what the filters after it and the endpoint answer; in outgoing, what the endpoint does.',
    properties: {
      encodings: {
        type: 'array',
        items: { enum: ENCODINGS },
        minItems: 1,
        uniqueItems: true,
        default: ENCODINGS,
        description: 'What is offered; the first one where the client likes several alike.',
      },
      minSize: {
        type: 'string',
        pattern: SIZE_PATTERN,
        default: '1kB',
        description: 'Shorter answers are not packed; those of unknown length are.',
      },
      types: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        default: DEFAULT_TYPES,
        description: 'Media types that are packed, or how they begin; JSON always is.',
      },
    },
    additionalProperties: false,
  },
  around(options, context) {
    const pack = createPack(options, context);
    return async (exchange, next) => pack(exchange, await next());
  },
  outgoing: (options, context) => createPack(options, context),
};

function createPack(
  { encodings = ENCODINGS, minSize = '1kB', types = DEFAULT_TYPES }: CompressOptions,
  { decision }: BuildContext,
): OutgoingFilter {
  const minBytes = sizeBytes(minSize);
  const packed = Object.fromEntries(
    encodings.map((encoding) => [encoding, decision('compress', encoding)]),
  );
  const countUnpacked = decision('compress', 'identity');
  const packs = (type: string | undefined) =>
    type !== undefined &&
    type !== EVENT_STREAM &&
    (isJson(type) || types.some((start) => type.startsWith(start)));

  return (exchange, answer) => {
    const { headers, body } = answer;
    if (!packs(mediaTypeOf(headers)) || !mayBePacked(exchange, answer)) {
      countUnpacked();
      return answer;
    }
    // Also where it is not packed: a cache must not give this one to a client that wants it packed.
    const varied = { ...answer, headers: withVary(headers) };
    const { 'accept-encoding': accepted } = exchange.request.headers;
    const encoding = chooseEncoding(accepted as string | undefined, encodings);
    const bytes = lengthOf(answer);
    if (encoding === undefined || body === null || (bytes !== undefined && bytes < minBytes)) {
      countUnpacked();
      return varied;
    }
    packed[encoding]?.();
    const described = { ...varied, headers: packedHeaders(varied.headers, encoding) };
    if (typeof body === 'string' || Buffer.isBuffer(body)) {
      const whole = typeof body === 'string' ? Buffer.from(body) : body;
      return compressWhole(whole, encoding).then((made) => ({ ...described, body: made }));
    }
    // What tells no length may be a stream whose pieces are waited for.
    return { ...described, body: compressStream(body, encoding, bytes === undefined) };
  };
}

/** `method` is that for the upstream: behind a cache, a HEAD of the client is a GET here. */
function mayBePacked({ method }: Exchange, { status, headers }: Answer): boolean {
  if (method === 'HEAD' || WITHOUT_BODY.has(status) || status === 206) return false;
  if (isEncoded(headers)) return false;
  return !/(?:^|,)\s*no-transform\s*(?:,|$)/i.test(headerValue(headers, 'cache-control') ?? '');
}

function lengthOf({ headers, body }: Answer): number | undefined {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return Buffer.byteLength(body);
  const length = headerValue(headers, 'content-length');
  return length === undefined ? undefined : Number(length);
}

function withVary(headers: readonly string[]): readonly string[] {
  const vary = headers.filter((_, index) => headers[index - 1] === 'vary' && index % 2 === 1);
  const names = vary
    .join(',')
    .split(',')
    .map((name) => name.trim());
  if (names.some((name) => name === '*' || name.toLowerCase() === 'accept-encoding'))
    return headers;
  const had = names.filter((name) => name !== '');
  return withHeader(headers, 'vary', [...had, 'Accept-Encoding'].join(', '));
}

function packedHeaders(headers: readonly string[], encoding: Encoding): readonly string[] {
  const etag = headerValue(headers, 'etag');
  const described = [...headers];
  describeNewBody(described, headerValue(headers, 'content-type'));
  // Of the same content, not of the same bytes (RFC 9110 8.8.1).
  const weak = etag === undefined || etag.startsWith('W/') ? etag : `W/${etag}`;
  replaceHeader(described, 'etag', weak);
  replaceHeader(described, 'content-encoding', encoding);
  return described;
}
