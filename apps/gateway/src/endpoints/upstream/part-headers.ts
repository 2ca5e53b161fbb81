/** What asks for a changed, partial or packed answer is about the whole, not about a part. */
const NOT_FOR_PARTS = new Set([
  'accept',
  'accept-encoding',
  'content-digest',
  'content-encoding',
  'content-type',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
]);

/** The headers of a request of the gateway's own that is part of the client's, in a list of its own. */
export function partHeaders(headers: readonly string[]): string[] {
  const kept = ['accept', 'application/json'];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (!NOT_FOR_PARTS.has(name)) kept.push(name, headers[index + 1] as string);
  }
  return kept;
}
