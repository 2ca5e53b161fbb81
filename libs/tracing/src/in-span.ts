import type { Span, Tracing } from './types.ts';

/** Runs `work` for a span that is ended with it, and failed if it rejects. */
export async function inSpan<T>(tracing: Tracing, span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await tracing.run(span, work);
  } catch (error) {
    // Its message may hold values that are nobody else's business.
    span.fail(errorType(error));
    throw error;
  } finally {
    span.end();
  }
}

/** `error.type` of an error: its code where it has one, or the name of its class. */
export function errorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : '_OTHER';
}
