import type { Logger } from '@woodytoys/service';

/**
 * Whether publishing works at all. When everything fails the broker is away: then one row at a time
 * is tried, with growing pauses, instead of noting a failure on every row of the outbox again and
 * again.
 */
export interface PublishHealth {
  succeeded(): void;
  failed(error: unknown): void;
  /** The pause before the next row; 0 while publishing works. */
  pauseMs(): number;
}

/** So many failures in a row mean the broker, not the messages. */
const patience = 20;
const longestPauseMs = 2_000;

export function createPublishHealth(log: Logger): PublishHealth {
  let failures = 0;
  return {
    succeeded() {
      if (failures >= patience) log.info('publishing works again');
      failures = 0;
    },
    failed(error) {
      failures += 1;
      if (failures === patience) {
        log.warn(
          { err: error },
          'publishing fails; the outbox keeps the messages and goes on trying',
        );
      }
    },
    pauseMs: () =>
      failures < patience ? 0 : Math.min(longestPauseMs, 100 * 2 ** (failures - patience)),
  };
}
