import type { PathTemplate } from '../routing/path-template.ts';
import { parseTemplate } from './placeholder.ts';
import type { Scope, Source } from './placeholder.ts';

/** What templates of a request may ask for on a route. */
export function requestScope({ parameters }: PathTemplate): Scope {
  return { sources: ['path', 'query', 'headers', 'body', 'subject', 'requestId'], parameters };
}

/** Whether one of the templates in `options` asks for the body, which then has to be read. */
export function readsBody(options: unknown, scope: Scope): boolean {
  return sourceAmong(['body'], options, scope) !== undefined;
}

/** The first of these sources that one of the templates in `options` asks. */
export function sourceAmong(
  sources: readonly Source[],
  options: unknown,
  scope: Scope,
): Source | undefined {
  if (typeof options === 'string') {
    for (const piece of parseTemplate(options, scope)) {
      if (typeof piece === 'object' && sources.includes(piece.source)) return piece.source;
    }
    return undefined;
  }
  if (typeof options !== 'object' || options === null) return undefined;
  for (const option of Object.values(options)) {
    const found = sourceAmong(sources, option, scope);
    if (found !== undefined) return found;
  }
  return undefined;
}
