import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCents, parsePrice } from '../src/price.ts';

describe('prices', () => {
  it('come out of JSON as the decimal that was written, for every amount of 12 digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (cents) => {
        const written = formatCents(cents);
        const parsed = parsePrice(JSON.parse(written) as number);
        const [whole, fraction = ''] = (parsed ?? '').split('.');
        expect(`${whole}.${fraction.padEnd(2, '0')}`).toBe(written);
      }),
    );
  });

  it('are refused with three decimals or more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9_999_999 }),
        fc.integer({ min: 1, max: 9 }),
        (cents, third) => {
          expect(parsePrice(JSON.parse(`${formatCents(cents)}${third}`) as number)).toBeUndefined();
        },
      ),
    );
  });

  it.each([0.1 + 0.2, -1, 1e-7, 1e21, NaN, Infinity])('do not include %s', (value) => {
    expect(parsePrice(value)).toBeUndefined();
  });

  it('are written with two decimals from cents', () => {
    expect([0, 5, 99, 100, 1999].map(formatCents)).toEqual([
      '0.00',
      '0.05',
      '0.99',
      '1.00',
      '19.99',
    ]);
  });
});
