import { setTimeout as sleep } from 'node:timers/promises';
import { MessagingError } from '@woodytoys/messaging';
import type { Messaging } from '@woodytoys/messaging';
import type { Logger } from '@woodytoys/service';

/** The part of messaging that the gateway uses. */
export type MessagePublisher = Pick<Messaging, 'declare' | 'publish'>;

const AGAIN_MS = 1_000;

/**
 * A publisher that is there before its broker: the gateway starts and is ready without one, and until
 * the first connection a message is refused at once. Later losses are mended by messaging itself.
 * @param connect fails when the broker is not reached within some seconds; it is then called again
 */
export function createPublisher(
  connect: () => Promise<Messaging>,
  log: Logger,
): MessagePublisher & { close(): Promise<void> } {
  const closed = new AbortController();
  let messaging: Messaging | undefined;

  async function connectAtLast(): Promise<void> {
    while (!closed.signal.aborted && messaging === undefined) {
      try {
        messaging = await connect();
      } catch (error) {
        log.warn({ error }, 'no connection to the broker; publishing routes answer 503');
        await sleep(AGAIN_MS, undefined, { signal: closed.signal, ref: false }).catch(() => {});
      }
    }
    if (closed.signal.aborted) await messaging?.close();
  }

  function connected(): Messaging {
    if (messaging !== undefined) return messaging;
    throw new MessagingError('connect-failed', 'The broker was not reached yet; try again later.');
  }

  void connectAtLast();
  return {
    declare: async (topology) => connected().declare(topology),
    publish: async (message, options) => connected().publish(message, options),
    async close() {
      closed.abort();
      await messaging?.close();
    },
  };
}
