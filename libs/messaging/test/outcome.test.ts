import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MESSAGING_ERROR_CODES, MessagingError, PermanentError } from '../src/index.ts';
import { reasonOf } from '../src/errors.ts';
import { outcomeOf } from '../src/outcome.ts';

const delays = fc.array(fc.integer({ min: 1, max: 60_000 }), { maxLength: 6 });

test('a message that always fails waits each delay once, in order, and then is given up', () => {
  fc.assert(
    fc.property(delays, (retryDelaysMs) => {
      const waited: number[] = [];
      for (let attempt = 1; ; attempt += 1) {
        const outcome = outcomeOf(new Error('no'), attempt, retryDelaysMs);
        if (outcome.kind === 'dead-letter') break;
        waited.push(outcome.delayMs);
      }
      expect(waited).toEqual(retryDelaysMs);
    }),
  );
});

test('only an error that says retryable: false ends it early, whatever was thrown', () => {
  fc.assert(
    fc.property(fc.anything(), (thrown) => {
      const permanent =
        typeof thrown === 'object' &&
        thrown !== null &&
        (thrown as { retryable?: unknown }).retryable === false;
      expect(outcomeOf(thrown, 1, [10]).kind).toBe(permanent ? 'dead-letter' : 'retry');
    }),
  );
  expect(outcomeOf(new PermanentError('no'), 1, [10]).kind).toBe('dead-letter');
  expect(outcomeOf({ retryable: false }, 1, [10]).kind).toBe('dead-letter');
});

test('a reason is one line of bounded length, whatever was thrown', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
      const reason = reasonOf(thrown, 50);
      expect(reason.length).toBeLessThanOrEqual(50);
      expect(reason).not.toMatch(/[\n\r\t]/);
    }),
  );
});

test('every error code says whether it may be retried, and only one is a dead letter', () => {
  for (const code of MESSAGING_ERROR_CODES) {
    const error = new MessagingError(code, 'text', { cause: 1, reason: 'why' });
    expect(error).toMatchObject({ code, retryable: expect.any(Boolean), cause: 1, reason: 'why' });
    expect(error.deadLettered).toBe(code === 'dead-lettered');
  }
});
