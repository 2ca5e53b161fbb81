import { afterEach, expect, test, vi } from 'vitest';
import { logTime } from '../src/log-time.ts';

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  '2026-11-22T10:00:00.000Z',
  '2026-11-22T10:00:00.007Z',
  '2026-11-22T10:00:00.999Z',
  '2026-11-22T10:00:01.000Z',
  '2026-12-31T23:59:59.042Z',
  '2027-01-01T00:00:00.000Z',
  // A clock that is set back.
  '2026-11-22T10:00:00.100Z',
])('tells the time as ISO 8601 has it: %s', (time) => {
  vi.useFakeTimers({ now: new Date(time) });
  expect(logTime()).toBe(`,"time":"${time}"`);
});
