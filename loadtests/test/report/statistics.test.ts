import { describe, expect, it } from 'vitest';
import { numberText, percentText, withUnit } from '../../src/report/numbers.ts';
import { median, spreadOf } from '../../src/report/statistics.ts';

describe('the median of repetitions', () => {
  it('is the one in the middle, whatever their order', () => {
    expect(median([30, 10, 20])).toBe(20);
    expect(median([9, 100, 10])).toBe(10);
  });

  it('is the mean of the two in the middle when their number is even', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('is no number where nothing was measured, and leaves out what is none', () => {
    expect(median([])).toBeNaN();
    expect(median([Number.NaN, 5])).toBe(5);
  });

  it('comes with the least, the most and the count', () => {
    expect(spreadOf([3, 1, 2, Number.NaN])).toEqual({ median: 2, least: 1, most: 3, count: 3 });
    expect(spreadOf([]).least).toBeNaN();
  });
});

describe('figures as text', () => {
  it.each([
    [0, '0'],
    [0.01234, '0.0123'],
    [4.567, '4.57'],
    [78.94, '78.9'],
    [999.4, '999'],
    [12_345.6, '12,346'],
    [Number.NaN, '–'],
  ])('%d is %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  it('have their unit, unless there is nothing to tell', () => {
    expect(withUnit(12.34, 'ms')).toBe('12.3 ms');
    expect(withUnit(Number.NaN, 'ms')).toBe('–');
    expect(percentText(0.001)).toBe('0.1 %');
  });
});
