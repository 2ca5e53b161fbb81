import { Readable } from 'node:stream';
import { ProblemError } from '@woodytoys/service';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { Next } from '../plugin.ts';

/**
 * What comes next, asked in a way that goes on when the client goes. What it tells of itself (the
 * replica, headers for the answer) is told of the client's exchange.
 * @throws whatever `next` throws (rejection).
 */
export async function askDetached(exchange: Exchange, copy: Exchange, next: Next): Promise<Answer> {
  copy.deadlineAt = exchange.deadlineAt;
  copy.beforeEndpoint = exchange.beforeEndpoint;
  copy.tap = exchange.tap;
  try {
    const answer = await askToEnd(copy, next);
    exchange.answerHeaders.push(...copy.answerHeaders);
    return answer;
  } finally {
    exchange.upstream = copy.upstream;
    exchange.replica = copy.replica;
    exchange.attempts = copy.attempts;
  }
}

/** What comes next for a detached exchange, whose end is told when its answer is whole. */
export async function askToEnd(copy: Exchange, next: Next): Promise<Answer> {
  try {
    const answer = await next(copy);
    if (answer.body instanceof Readable) answer.body.once('close', () => copy.end(answer.status));
    else copy.end(answer.status);
    return answer;
  } catch (error) {
    copy.end(error instanceof ProblemError ? error.status : 500);
    throw error;
  }
}
