import { inspect } from 'node:util';

/** Every way in which messaging fails, and whether the same call may succeed later. */
const ERRORS = {
  /** The arguments of the call itself are wrong. */
  'invalid-argument': { retryable: false },
  /** The message breaks a rule of the wire format: no id, a reserved header, not JSON. */
  'invalid-message': { retryable: false },
  'too-large': { retryable: false },
  /** No `declare()` of this process named the exchange; retryable, for it may still be to come. */
  'unknown-exchange': { retryable: true },
  'unknown-queue': { retryable: true },
  /** The broker, or this process, knows the name with other properties. */
  'topology-mismatch': { retryable: false },
  /** A mandatory message that no queue takes; retryable, for its consumer may be on its way. */
  unroutable: { retryable: true },
  /** No answer in time: the message may or may not have arrived. */
  timeout: { retryable: true },
  /** The broker refused the message. */
  rejected: { retryable: true },
  'connection-lost': { retryable: true },
  'connect-failed': { retryable: true },
  /** Too many messages are on their way. */
  overloaded: { retryable: true },
  closed: { retryable: true },
  /** In process only: a consumer gave the message up. */
  'dead-lettered': { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>;

export type MessagingErrorCode = keyof typeof ERRORS;

/** Every code, for tests and documentation. */
export const MESSAGING_ERROR_CODES = Object.keys(ERRORS) as readonly MessagingErrorCode[];

export class MessagingError extends Error {
  override readonly name = 'MessagingError';
  readonly code: MessagingErrorCode;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** True when a consumer has given the message up, so that publishing it again is of no use. */
  readonly deadLettered: boolean;
  /** Whether the message was sent, and may have arrived although the broker has not confirmed it. */
  readonly mayHaveArrived: boolean;
  /** Why it was given up; only with `deadLettered`. */
  readonly reason: string | undefined;

  constructor(
    code: MessagingErrorCode,
    message: string,
    options: {
      readonly cause?: unknown;
      readonly reason?: string;
      readonly mayHaveArrived?: boolean;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = ERRORS[code].retryable;
    this.deadLettered = code === 'dead-lettered';
    this.mayHaveArrived = options.mayHaveArrived === true;
    this.reason = options.reason;
  }
}

/** Thrown by a handler to give its message up at once, without another attempt. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError';
  readonly retryable = false;
}

/** Whether a handler's error says that another attempt is of no use (`retryable: false`). */
export function isPermanent(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === false
  );
}

/** One line for a log or a header, at most `maxLength` characters. */
export function reasonOf(error: unknown, maxLength = 1000): string {
  let text = typeof error === 'string' ? error : '';
  if (error instanceof Error) text = `${error.name}: ${error.message}`;
  // Not String(), which throws on some of what may be thrown.
  else if (text === '') text = inspect(error, { depth: 1 });
  return text.replace(/\s+/g, ' ').slice(0, maxLength);
}
