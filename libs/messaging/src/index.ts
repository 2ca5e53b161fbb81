export { uuidIn } from './body-field.ts';
export { createBatcher, type BatcherOptions } from './batcher.ts';
export {
  MESSAGING_ERROR_CODES,
  MessagingError,
  type MessagingErrorCode,
  PermanentError,
} from './errors.ts';
export {
  createInProcessMessaging,
  type InProcessOptions,
} from './in-process/in-process-messaging.ts';
export { DEFAULT_MAX_MESSAGE_BYTES, isReservedHeader } from './message.ts';
export { connectRabbit, type RabbitOptions } from './rabbit/connect-rabbit.ts';
export { deadLetterQueueOf, retryQueueOf } from './topology.ts';
export { type BrokerAttributes, traceMessaging } from './traced-messaging.ts';
export type * from './types.ts';
