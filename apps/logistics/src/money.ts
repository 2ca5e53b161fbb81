/**
 * An amount as the API and the events write it.
 * @param cents whole cents, not negative
 * @returns with two decimals: 1999 gives `19.99`
 */
export function formatAmount(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

/**
 * The cents of an amount with at most two decimals.
 * @throws RangeError when it is no such amount, or has more cents than a number holds exactly
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
