import type { ChannelModel } from 'amqplib';
import type { Duplex } from 'node:stream';

/** How long a goodbye may take before the socket is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/** `promise`, or the error of `late` once `timeoutMs` have passed. */
export async function withTimeout<T>(
  promise: Promise<T>,
  timeoutMs: number,
  late: () => Error,
): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(late()), Math.max(0, timeoutMs));
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** `promise`, or the signal's reason once it is aborted; what the promise brings later is dropped. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Cuts the socket of a connection. The error matters: amqplib takes a socket that closes without
 * one for still open, and its heartbeat timer then keeps the process alive.
 */
export function cut(model: ChannelModel, reason: Error): void {
  // Not in amqplib's types, and the only way out when the broker no longer answers.
  const { stream } = model.connection as unknown as { readonly stream: Duplex };
  stream.destroy(reason);
}

/**
 * Cuts the socket of a connection that has ended, after the time that a goodbye needs. amqplib only
 * half-closes it, so a broker that is frozen or unplugged would keep it, and the process, for ever.
 */
export function cutSoon(model: ChannelModel): void {
  setTimeout(() => cut(model, new Error('The connection has ended.')), CLOSE_TIMEOUT_MS).unref();
}

/** Closes a channel or connection that may be dead already; what is left of it is of no use. */
export async function closeQuietly(closable: { close(): Promise<unknown> }): Promise<boolean> {
  try {
    await withTimeout(closable.close(), CLOSE_TIMEOUT_MS, () => new Error('No answer to close'));
    return true;
  } catch {
    return false;
  }
}

/** Ends a connection politely, and by force when the broker does not answer. */
export async function sayGoodbye(model: ChannelModel): Promise<void> {
  if (await closeQuietly(model)) return;
  cut(model, new Error('The broker did not answer the goodbye.'));
}
