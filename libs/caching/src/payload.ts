/**
 * What the second level stores: one character that tells an absence from a value, then the JSON
 * text. A value `null` and an absence are two things.
 */
const valueMark = '+';
export const absentPayload = '-';

export class CorruptPayloadError extends Error {
  override readonly name = 'CorruptPayloadError';
}

/** @throws TypeError when the value does not survive JSON. */
export function encodePayload(value: unknown): string {
  if (value === undefined) return absentPayload;
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) {
    throw new TypeError(
      `A ${typeof value} cannot be cached: return a value that JSON has, or undefined for none.`,
    );
  }
  return valueMark + text;
}

/** @throws CorruptPayloadError for anything that `encodePayload` did not make. */
export function decodePayload(payload: string): unknown {
  if (payload === absentPayload) return undefined;
  if (payload[0] !== valueMark) {
    throw new CorruptPayloadError(`A cache entry begins with ${JSON.stringify(payload[0])}.`);
  }
  try {
    return deepFreeze(JSON.parse(payload.slice(1)));
  } catch (cause) {
    throw new CorruptPayloadError('A cache entry is not JSON.', { cause });
  }
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
