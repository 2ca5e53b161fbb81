import { ProblemError } from '@woodytoys/service';
import type { Answer } from '../../exchange/answer.ts';
import { encodeAnswer, isWholeUpTo } from '../../exchange/stored-answer.ts';
import type { Ending } from './states.ts';

/** The request was refused for a reason that passes: a repeat must be able to succeed. */
const PASSING = new Set([401, 403, 408, 409, 425, 429]);

/**
 * What an answer says of the effect of its request. 2xx, 3xx and lasting 4xx are known and kept. A
 * passing refusal had no effect. After 5xx nobody can tell, and an answer that is too large to keep
 * cannot be given again: neither is replayed, nor run again unless the service keeps the keys itself.
 */
export function endingOfAnswer(answer: Answer, maxBytes: number): Ending {
  const { status } = answer;
  if (PASSING.has(status)) return { kind: 'free' };
  if (status >= 500) return { kind: 'unknown', reason: `it ended with status ${status}` };
  if (isWholeUpTo(answer, maxBytes)) return { kind: 'done', answer: encodeAnswer(answer) };
  const reason = `it ended with status ${status}, and its answer has more than ${maxBytes} bytes`;
  return { kind: 'unknown', reason };
}

/** What an error says of it: 503 means that no byte of the request was sent, 4xx that it was refused. */
export function endingOfError(error: unknown): Ending {
  if (!(error instanceof ProblemError)) return { kind: 'unknown', reason: 'the gateway failed' };
  if (error.status < 500 || error.code === 'WT-UNAVAILABLE') return { kind: 'free' };
  return { kind: 'unknown', reason: `it ended with status ${error.status}` };
}
