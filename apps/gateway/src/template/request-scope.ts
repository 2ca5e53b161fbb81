import type { PathTemplate } from '../routing/path-template.ts';
import { parseTemplate } from './placeholder.ts';
import type { Scope } from './placeholder.ts';

/** What templates of a request may ask for on a route. */
export function requestScope({ parameters }: PathTemplate): Scope {
  return { sources: ['path', 'query', 'headers', 'body', 'subject', 'requestId'], parameters };
}

/** Whether one of the templates in `options` asks for the body, which then has to be read. */
export function readsBody(options: unknown, scope: Scope): boolean {
  if (typeof options === 'string') {
    return parseTemplate(options, scope).some(
      (piece) => typeof piece === 'object' && piece.source === 'body',
    );
  }
  if (typeof options !== 'object' || options === null) return false;
  return Object.values(options).some((option) => readsBody(option, scope));
}
