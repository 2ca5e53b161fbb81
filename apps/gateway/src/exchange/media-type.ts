import { headerValue } from './header-list.ts';

/** The media type of headers without its parameters, in lower case; undefined when there is none. */
export function mediaTypeOf(headers: readonly string[]): string | undefined {
  return headerValue(headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

/** Whether a media type is JSON, `application/problem+json` and its like included. */
export function isJson(type: string | undefined): boolean {
  return (
    type === 'application/json' || (type !== undefined && /^[\w.-]+\/[\w.-]+\+json$/.test(type))
  );
}

/** Whether headers say that the body is packed, such as by gzip. */
export function isEncoded(headers: readonly string[]): boolean {
  const encoding = headerValue(headers, 'content-encoding');
  return encoding !== undefined && encoding.toLowerCase() !== 'identity';
}
