import { pointerParts } from '@woodytoys/service';

/** Makes a function that gives what a JSON pointer (RFC 6901) points at; undefined when nothing is there. */
export function jsonPointer(pointer: string): (value: unknown) => unknown {
  const keys = pointerParts(pointer);
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
