import { escapePointer } from '@woodytoys/service';
import type { ProblemError } from '@woodytoys/service';
import { answerUnusable, valueInvalid } from '../problems.ts';
import type { Placeholder, Source } from './placeholder.ts';

/** Sources whose values a service has given: no client can mend them. */
export const OF_ANSWER: ReadonlySet<Source> = new Set([
  'answer',
  'answerHeaders',
  'item',
  'lists',
  'values',
]);

/**
 * What is wrong with the value of a placeholder: 400 for one of the request, with a JSON pointer into
 * it; 502 for one of the service's answer, which the log alone tells.
 */
export function refused(placeholder: Placeholder, detail: string, cause?: unknown): ProblemError {
  const pointer = `/${[placeholder.source, ...placeholder.keys.map(escapePointer)].join('/')}`;
  if (OF_ANSWER.has(placeholder.source)) {
    return answerUnusable(new Error(`${pointer} ${detail}`, { cause }));
  }
  return valueInvalid(pointer, detail, cause);
}
