import { MessagingError } from '@woodytoys/messaging';
import type { ExchangeDeclaration, OutgoingMessage } from '@woodytoys/messaging';
import type { ProblemError } from '@woodytoys/service';
import {
  bodyTooLargeForBroker,
  brokerDidNotConfirm,
  brokerUnavailable,
  messageInvalid,
} from '../../problems.ts';
import type { MessagePublisher } from '../../connections/publisher.ts';

/**
 * Resolves when the broker has confirmed the message.
 * @throws ProblemError 503 when it has not within `timeoutMs`, which tells whether the message may have
 * arrived; 400 or 413 for what no message can carry (rejections).
 */
export type ConfirmedPublish = (message: OutgoingMessage, timeoutMs: number) => Promise<void>;

/** Publishes to one exchange, which is declared before its first message. */
export function createConfirmedPublish(
  publisher: MessagePublisher,
  declaration: ExchangeDeclaration,
): ConfirmedPublish {
  let declared: Promise<void> | undefined;

  async function declare(): Promise<void> {
    declared ??= publisher.declare({ exchanges: [declaration], queues: [] });
    try {
      await declared;
    } catch (error) {
      declared = undefined;
      throw error;
    }
  }

  return async (message, timeoutMs) => {
    const startedAt = performance.now();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(brokerUnavailable(new Error('the broker has not declared the exchange in time')));
    }, timeoutMs);
    try {
      await Promise.race([declare(), late.promise]).finally(() => clearTimeout(timer));
      const left = Math.max(0, timeoutMs - (performance.now() - startedAt));
      await publisher.publish(message, { timeoutMs: left });
    } catch (error) {
      // Given up by a consumer in this process: it has it among its dead letters.
      if (error instanceof MessagingError && error.deadLettered) return;
      throw problemOf(error);
    }
  };
}

function problemOf(error: unknown): ProblemError {
  if (!(error instanceof MessagingError)) return error as ProblemError;
  if (error.code === 'invalid-message') return messageInvalid(error);
  if (error.code === 'too-large') return bodyTooLargeForBroker(error);
  return error.mayHaveArrived ? brokerDidNotConfirm(error) : brokerUnavailable(error);
}
