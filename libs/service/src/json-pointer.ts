/** A name as one part of a JSON pointer (RFC 6901). */
export function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The name that one part of a JSON pointer stands for. */
export function unescapePointer(part: string): string {
  return part.includes('~') ? part.replaceAll('~1', '/').replaceAll('~0', '~') : part;
}

/** The names in a JSON pointer: `/paths/~1products` has `paths` and `/products`. */
export function pointerParts(pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map(unescapePointer);
}
