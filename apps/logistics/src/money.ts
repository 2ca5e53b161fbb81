/**
 * An amount as events and CSV write it.
 * @param cents whole cents, not negative
 * @returns with two decimals: 1990 gives `19.90`
 */
export function formatAmount(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

/**
 * An amount as the API writes it: a number, which prints as the decimal that it was made of, because
 * a double holds every count of cents up to 2^53 / 100 and more.
 */
export function toAmount(cents: number): number {
  return cents / 100;
}

/** The cents of an amount that `toAmount` made. */
export function toCents(amount: number): number {
  return Math.round(amount * 100);
}

/**
 * The cents of an amount that an event carries.
 * @throws RangeError when it is not digits with at most two decimals, or beyond 2^53 cents
 */
export function parseAmount(amount: string): number {
  const [, units, decimals = ''] = /^(\d+)(?:\.(\d{1,2}))?$/.exec(amount) ?? [];
  const cents = Number(`${units}${decimals.padEnd(2, '0')}`);
  if (units === undefined || !Number.isSafeInteger(cents)) {
    throw new RangeError(
      `"${amount}" is no amount of money: expected digits with two decimals, such as "19.99".`,
    );
  }
  return cents;
}
