import type { Exchange } from '../exchange/exchange.ts';
import { describeNewBody } from '../exchange/body-headers.ts';
import { headerValue } from '../exchange/header-list.ts';
import { isEncoded, mediaTypeOf } from '../exchange/media-type.ts';
import { METHODS } from '../config/schema.ts';
import type { FilterDefinition } from '../plugin.ts';
import { badRequest, bodyTooLarge } from '../problems.ts';
import { SIZE_PATTERN, sizeBytes } from '../config/units.ts';

interface FormToQueryOptions {
  readonly method?: string;
  readonly maxQuery?: string;
}

type Fields = readonly (readonly [string, string])[];

/** A client that keeps sending what cannot be converted is told of in the log once in this time. */
const WARN_EVERY_MS = 60_000;
const URL_ENCODED = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/**
 * Makes a form that was sent as the body into the query, and the method another: for services that
 * know queries alone. What is no form, and a form with files, passes unchanged.
 */
export const formToQuery: FilterDefinition<FormToQueryOptions> = {
  name: 'formToQuery',
  options: {
    type: 'object',
    description:
      'Makes a form in the body (URL-encoded, or multipart with text fields alone) into the query and changes the method. A body of another type passes unchanged, with a warning in the log.',
    properties: {
      method: { enum: METHODS, default: 'GET', description: 'The method for the upstream.' },
      maxQuery: {
        type: 'string',
        pattern: SIZE_PATTERN,
        default: '8kB',
        description: 'The longest query that may come of it, 413 past it.',
      },
    },
    additionalProperties: false,
  },
  incoming({ method = 'GET', maxQuery = '8kB' }, { route, log, decision }) {
    const maxBytes = sizeBytes(route.maxBody);
    const maxQueryBytes = sizeBytes(maxQuery);
    const countConverted = decision('formToQuery', 'converted');
    const countUnsupported = decision('formToQuery', 'unsupported');
    const countNoBody = decision('formToQuery', 'no-body');
    let warnedAt = Number.NEGATIVE_INFINITY;

    function passUnchanged(exchange: Exchange, reason: string): undefined {
      countUnsupported();
      if (performance.now() - warnedAt < WARN_EVERY_MS) return;
      warnedAt = performance.now();
      log.warn(
        { reason, route: exchange.routeName, requestId: exchange.requestId },
        'a body passes that is no form; further ones of this route are counted, not logged, for 60 s',
      );
    }

    return async (exchange) => {
      if (!hasBody(exchange)) {
        countNoBody();
        return undefined;
      }
      const unsupported = reasonAgainst(exchange.headers);
      if (unsupported !== undefined) return passUnchanged(exchange, unsupported);
      const body = await exchange.readBody(maxBytes);
      const fields = await fieldsOf(body, headerValue(exchange.headers, 'content-type') as string);
      if (fields === undefined) return passUnchanged(exchange, 'the form has a file');
      const added = new URLSearchParams(fields as [string, string][]).toString();
      const query = [exchange.query.slice(1), added].filter((part) => part !== '').join('&');
      if (query.length > maxQueryBytes) throw bodyTooLarge(maxQueryBytes);
      exchange.query = query === '' ? '' : `?${query}`;
      exchange.method = method;
      exchange.replaceBody(null);
      describeNewBody(exchange.headers, undefined);
      countConverted();
      return undefined;
    };
  },
};

function hasBody({ request: { headers } }: Exchange): boolean {
  if (headers['transfer-encoding'] !== undefined) return true;
  return headers['content-length'] !== undefined && headers['content-length'] !== '0';
}

/** Why a body cannot be converted, without reading it. */
function reasonAgainst(headers: readonly string[]): string | undefined {
  if (isEncoded(headers)) return `content-encoding ${headerValue(headers, 'content-encoding')}`;
  const type = mediaTypeOf(headers);
  if (type !== URL_ENCODED && type !== MULTIPART) return `content-type ${type ?? 'missing'}`;
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(
    headerValue(headers, 'content-type') ?? '',
  );
  const name = charset?.[1]?.toLowerCase();
  return name === undefined || name === 'utf-8' || name === 'us-ascii'
    ? undefined
    : `charset ${name}`;
}

/**
 * The fields of a form; undefined when one is a file.
 * @throws ProblemError 400 when it is no multipart of that boundary (rejections).
 */
async function fieldsOf(body: Buffer, type: string): Promise<Fields | undefined> {
  if (type.slice(0, MULTIPART.length).toLowerCase() !== MULTIPART) {
    return [...new URLSearchParams(body.toString())];
  }
  let form: FormData;
  try {
    form = await new Response(body, { headers: { 'content-type': type } }).formData();
  } catch (error) {
    throw badRequest('The body is no multipart/form-data with the boundary that it names.', error);
  }
  const fields: [string, string][] = [];
  for (const [name, value] of form) {
    if (typeof value !== 'string') return undefined;
    fields.push([name, value]);
  }
  return fields;
}
