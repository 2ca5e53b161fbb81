import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestIdOf, traceIdOf } from '../src/index.ts';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the request id', () => {
  it('is the one given, if 1 to 64 characters of [A-Za-z0-9._-]', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/), (given) => {
        expect(requestIdOf({ 'x-request-id': given })).toBe(given);
      }),
    );
  });

  it('is a new UUIDv7 for anything else', () => {
    const others = fc.string().filter((text) => !/^[A-Za-z0-9._-]{1,64}$/.test(text));
    fc.assert(
      fc.property(fc.oneof(others, fc.stringMatching(/^[a-z]{65,80}$/)), (given) => {
        expect(requestIdOf({ 'x-request-id': given })).toMatch(UUID_V7);
      }),
    );
    for (const given of ['', 'a\n', '\na', 'a b', 'a"b', 'ä']) {
      expect(requestIdOf({ 'x-request-id': given })).toMatch(UUID_V7);
    }
    expect(requestIdOf({})).toMatch(UUID_V7);
  });

  it('holds the time, and differs each time', () => {
    const before = Date.now();
    const ids = Array.from({ length: 10_000 }, () => requestIdOf({}));
    const after = Date.now();
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      const time = parseInt(id.slice(0, 13).replace('-', ''), 16);
      expect(time).toBeGreaterThanOrEqual(before);
      expect(time).toBeLessThanOrEqual(after);
    }
  });
});

describe('the trace id', () => {
  it('is the second part of a valid traceparent', () => {
    expect(traceIdOf({ traceparent: `00-${trace}-00f067aa0ba902b7-01` })).toBe(trace);
    expect(traceIdOf({ traceparent: `cc-${trace}-00f067aa0ba902b7-01-later` })).toBe(trace);
  });

  it.each([
    ['an invalid version', `ff-${trace}-00f067aa0ba902b7-01`],
    ['no trace id', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['no parent id', `00-${trace}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`],
    ['version 0 with more', `00-${trace}-00f067aa0ba902b7-01-more`],
    ['text', 'a"b'],
    ['nothing', undefined],
  ])('is absent for %s', (_name, traceparent) => {
    expect(traceIdOf({ traceparent } as never)).toBeUndefined();
  });
});
