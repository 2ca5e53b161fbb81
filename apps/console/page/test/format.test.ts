import { describe, expect, it } from 'vitest';
import { UNKNOWN, createFormat } from '../src/format.ts';

const format = createFormat({ locale: 'en-GB' });

describe('numbers for people', () => {
  it('gives durations the unit that fits, and about two figures', () => {
    const shown = [0, 0.00075, 0.0032, 0.0121, 0.25, 0.9996, 1.44, 12].map(format.duration);
    expect(shown).toEqual([
      '0 ms',
      '0.75 ms',
      '3.2 ms',
      '12 ms',
      '250 ms',
      '1.0 s',
      '1.4 s',
      '12 s',
    ]);
  });

  it('gives rates and shares their unit', () => {
    expect([0, 0.5, 3.25, 34.21, 1234].map(format.rate)).toEqual([
      '0/s',
      '0.50/s',
      '3.3/s',
      '34.2/s',
      '1,234/s',
    ]);
    expect([0, 0.00012, 0.0125, 0.5, 1].map(format.percent)).toEqual([
      '0%',
      '0.01%',
      '1.25%',
      '50%',
      '100%',
    ]);
    expect(format.mebibytes(86 * 1024 ** 2)).toBe('86');
    expect(format.cores(0.3)).toBe('0.30');
  });

  it('says of what is not known that it is not known, never zero', () => {
    const { duration, rate, percent, cores, mebibytes } = format;
    for (const show of [duration, rate, percent, cores, mebibytes]) {
      expect(show(null)).toBe(UNKNOWN);
      expect(show(0)).toMatch(/^0/);
    }
  });

  it('leaves zeros at the end out where nothing moves', () => {
    const ticks = createFormat({ locale: 'en-GB', pad: false });
    expect([10, 12.5].map(ticks.rate)).toEqual(['10/s', '12.5/s']);
    expect(ticks.duration(0.005)).toBe('5 ms');
  });

  it('writes as the locale does', () => {
    const german = createFormat({ locale: 'de-DE' });
    expect(german.rate(1234)).toBe('1.234/s');
    expect(german.duration(0.0032)).toBe('3,2 ms');
    expect(german.clock(new Date(2026, 10, 21, 14, 3, 22).getTime())).toBe('14:03:22');
    const american = createFormat({ locale: 'en-US' });
    expect(american.minute(new Date(2026, 10, 21, 14, 3).getTime())).toMatch(/^2:03\sPM$/);
  });

  it('tells how long something has been going on', () => {
    expect([0, 12_400, 119_000, 200_000, 3 * 3_600_000].map(format.elapsed)).toEqual([
      '0 s',
      '12 s',
      '119 s',
      '3 min',
      '3 h',
    ]);
  });
});
