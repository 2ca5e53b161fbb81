/**
 * The database did not answer. Trying again later may succeed; a write may have happened or not.
 *
 * - `unreachable`: no connection could be made;
 * - `exhausted`: every connection of the pool was in use for too long;
 * - `lost`: the connection broke before the answer;
 * - `timeout`: no answer in time.
 */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
  readonly retryable = true;
  readonly reason: 'unreachable' | 'exhausted' | 'lost' | 'timeout';

  constructor(
    reason: DatabaseUnavailableError['reason'],
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.reason = reason;
  }
}

/** PostgreSQL's five letters for what went wrong, from the error itself or what caused it. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let depth = 0; depth < 5 && error instanceof Error; depth += 1) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
    error = error.cause;
  }
  return undefined;
}
