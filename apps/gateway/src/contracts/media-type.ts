/** A content type without its parameters, in lower case; empty for none. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return '';
  const semicolon = contentType.indexOf(';');
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** The most fitting of a contract's content types for one that came: itself, `text/*`, then any. */
export function matchMediaType<Content>(
  byType: ReadonlyMap<string, Content>,
  mediaType: string,
): Content | undefined {
  const exact = byType.get(mediaType);
  if (exact !== undefined || byType.size === 0) return exact;
  return byType.get(`${mediaType.slice(0, mediaType.indexOf('/'))}/*`) ?? byType.get('*/*');
}

export function isJson(mediaType: string): boolean {
  return mediaType === 'application/json' || mediaType.endsWith('+json');
}

/** False for a charset that JSON cannot have (RFC 8259 8.1). */
export function isUtf8(contentType: string | undefined): boolean {
  const charset = /;\s*charset="?([^";\s]*)/i.exec(contentType ?? '')?.[1];
  return charset === undefined || charset.toLowerCase() === 'utf-8';
}
