/** What the text of a parameter is read as. */
export type ScalarType = 'integer' | 'number' | 'boolean' | 'string';

/** A name or value of a query as text; undefined when it is not percent-encoded UTF-8 without NUL. */
export function decodeQueryText(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    // Malformed percent-encoding; the caller reports it.
    return undefined;
  }
}

/**
 * The value that the text of a parameter stands for, or the text where it stands for none: numbers
 * in digits only, without exponent, leading zero or `-0`.
 */
export function readScalar(type: ScalarType, given: string): unknown {
  switch (type) {
    case 'integer': {
      const value = /^-?(0|[1-9]\d*)$/.test(given) ? Number(given) : NaN;
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : given;
    }
    case 'number':
      return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(given) && Number.isFinite(Number(given))
        ? Number(given)
        : given;
    case 'boolean':
      return given === 'true' ? true : given === 'false' ? false : given;
    case 'string':
      return given;
  }
}
