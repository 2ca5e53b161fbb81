/** Makes a function that gives what a JSON pointer (RFC 6901) points at; undefined when nothing is there. */
export function jsonPointer(pointer: string): (value: unknown) => unknown {
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return (value) => {
    let found = value;
    for (const key of keys) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) {
        return undefined;
      }
      found = (found as Record<string, unknown>)[key];
    }
    return found;
  };
}
