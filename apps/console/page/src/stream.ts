import type { History, Snapshot } from '../../src/snapshot.ts';

/** The state of the connection to the console, not of what it reads. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** Times in milliseconds since 1970. */
  | { readonly state: 'lost'; readonly since: number; readonly retryAt: number };

export interface Stream {
  /** Tries at once instead of at `retryAt`. */
  retry(): void;
  close(): void;
}

/** The console sends one event a second; a connection that is silent for so long is dead. */
const silenceMs = 6000;
const firstDelayMs = 1000;
const mostDelayMs = 15_000;

/**
 * Listens to the console and, when the connection breaks, tries again with growing delay until it is
 * back. Not left to `EventSource`: that waits always the same time, gives up on an error status, and
 * does not notice a peer that has gone without a word.
 */
export function openStream(options: {
  readonly url: string;
  readonly onHistory: (history: History) => void;
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onConnection: (connection: Connection) => void;
}): Stream {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lostSince: number | undefined;
  let attempts = 0;
  options.onConnection({ state: 'connecting' });
  connect();

  function connect(): void {
    disconnect();
    source = new EventSource(options.url);
    source.addEventListener('history', ({ data }) => {
      expectMore();
      options.onHistory(JSON.parse(data as string) as History);
    });
    source.addEventListener('snapshot', ({ data }) => {
      expectMore();
      if (attempts > 0 || lostSince === undefined) options.onConnection({ state: 'live' });
      attempts = 0;
      lostSince = undefined;
      options.onSnapshot(JSON.parse(data as string) as Snapshot);
    });
    source.addEventListener('error', lose);
    expectMore();
  }

  function disconnect(): void {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  function expectMore(): void {
    clearTimeout(timer);
    timer = setTimeout(lose, silenceMs);
  }

  function lose(): void {
    disconnect();
    lostSince ??= Date.now();
    const delayMs = Math.min(firstDelayMs * 2 ** attempts, mostDelayMs) * (0.8 + Math.random() / 5);
    attempts += 1;
    timer = setTimeout(connect, delayMs);
    options.onConnection({ state: 'lost', since: lostSince, retryAt: Date.now() + delayMs });
  }

  return { retry: connect, close: disconnect };
}
