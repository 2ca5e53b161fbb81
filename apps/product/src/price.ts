const decimal = /^(0|[1-9]\d*)(\.\d{1,2})?$/;

/**
 * The exact decimal that the JSON number stood for, such as `19.99` or `5`; `undefined` when it is
 * negative or has more than 2 decimals. `String` gives the shortest decimal that reads back as the
 * same number, and that is the one in the request up to 15 digits; a price has at most 12.
 */
export function parsePrice(value: number): string | undefined {
  const text = String(value);
  return decimal.test(text) ? text : undefined;
}

/** `19.99` of 1999 cents, without a binary fraction on the way. */
export function formatCents(cents: number): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
