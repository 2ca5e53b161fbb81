const versionTag = /^"([1-9]\d{0,14})"$/;

/** The entity tag of a version. */
export function versionTagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that an `If-Match` header (RFC 9110, 13.1.1) allows: `undefined` allows any, an empty
 * list none. Weak tags and tags that are not ours match nothing, as the strong comparison has it.
 */
export function parseIfMatch(header: string | undefined): readonly number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  return header.split(',').flatMap((tag) => {
    const version = versionTag.exec(tag.trim())?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}
