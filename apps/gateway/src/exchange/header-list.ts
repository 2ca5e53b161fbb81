/**
 * Headers as the gateway holds them: names in lower case and values in turn, as many of one name as
 * there are.
 */

/** The first value of a header. */
export function headerValue(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index] === name) return headers[index + 1];
  }
  return undefined;
}

/** The headers without those of a name; the same list when it has none. */
export function withoutHeader(headers: readonly string[], name: string): readonly string[] {
  if (headerValue(headers, name) === undefined) return headers;
  return headers.filter((_, index) => headers[index - (index % 2)] !== name);
}

/** The headers without those of these names. */
export function withoutHeaders(
  headers: readonly string[],
  names: ReadonlySet<string>,
): readonly string[] {
  return headers.filter((_, index) => !names.has(headers[index - (index % 2)] as string));
}

/** The headers with this one in place of all of its name. */
export function withHeader(
  headers: readonly string[],
  name: string,
  value: string,
): readonly string[] {
  return [...withoutHeader(headers, name), name, value];
}

/** Changes a list in place: this header instead of all of its name, or none when `value` is undefined. */
export function replaceHeader(headers: string[], name: string, value: string | undefined): void {
  const kept = withoutHeader(headers, name);
  if (kept !== headers) headers.splice(0, headers.length, ...kept);
  if (value !== undefined) headers.push(name, value);
}
