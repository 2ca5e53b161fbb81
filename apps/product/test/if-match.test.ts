import { describe, expect, it } from 'vitest';
import { parseIfMatch, versionTagOf } from '../src/if-match.ts';

describe('If-Match', () => {
  it.each([
    [undefined, undefined],
    ['*', undefined],
    ['"3"', [3]],
    [' "3" , "12"', [3, 12]],
    ['W/"3"', []],
    ['3', []],
    ['', []],
    ['"abc", "5"', [5]],
    ['"0"', []],
    ['"99999999999999999999"', []],
  ])('%s allows %s', (header, versions) => {
    expect(parseIfMatch(header)).toEqual(versions);
  });

  it('allows the tag that was given out', () => {
    expect(parseIfMatch(versionTagOf(7))).toEqual([7]);
  });
});
