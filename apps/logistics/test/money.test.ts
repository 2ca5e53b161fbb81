import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAmount, parseAmount, toAmount, toCents } from '../src/money.ts';

/** The catalogue's dearest price times a million, and well beyond. */
const cents = fc.integer({ min: 0, max: 2 ** 50 });

describe('amounts of money', () => {
  it('come back from their text as they were', () => {
    fc.assert(fc.property(cents, (value) => parseAmount(formatAmount(value)) === value));
  });

  it('come back from their JSON number as they were, with two decimals at most', () => {
    fc.assert(
      fc.property(cents, (value) => {
        const text = JSON.stringify(toAmount(value));
        expect(text).toMatch(/^\d+(\.\d{1,2})?$/);
        expect(toCents(JSON.parse(text) as number)).toBe(value);
      }),
    );
  });

  it('are written with two decimals', () => {
    expect([0, 5, 70, 1999, 1_234_500].map(formatAmount)).toEqual([
      '0.00',
      '0.05',
      '0.70',
      '19.99',
      '12345.00',
    ]);
  });

  it.each([
    '',
    '.5',
    '1.',
    '1.999',
    '-1.00',
    '+1.00',
    '1e3',
    ' 1.00',
    '1,00',
    '99999999999999999.99',
  ])('are not read from "%s"', (text) => {
    expect(() => parseAmount(text)).toThrow(RangeError);
  });
});
