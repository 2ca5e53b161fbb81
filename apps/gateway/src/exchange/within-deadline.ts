import { deadlineSpent } from '../problems.ts';
import type { Exchange } from './exchange.ts';

/**
 * What `work` gives, if it does before the request's deadline; the work itself goes on.
 * @throws ProblemError 504 when it does not (rejection), and whatever `work` throws.
 */
export function withinDeadline<Result>(exchange: Exchange, work: Promise<Result>): Promise<Result> {
  if (exchange.deadlineAt === Number.POSITIVE_INFINITY) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(deadlineSpent()),
      exchange.timeLeft(Number.POSITIVE_INFINITY),
    );
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
