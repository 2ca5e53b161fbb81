import type { Exchange } from '../../exchange/exchange.ts';
import type { Closable } from '../../plugin.ts';

export interface BulkheadOptions {
  /** Requests that run at once. */
  readonly limit: number;
  /** Requests that wait for one of them to end; more are refused at once. */
  readonly queue: number;
  readonly queueTimeoutMs: number;
}

/** How a request fares: `late` waited for too long. */
export type Entry = 'entered' | 'waited' | 'refused' | 'late';

interface Waiter {
  readonly timer: NodeJS.Timeout;
  settle(entry: Entry): void;
}

/**
 * Lets at most `limit` requests run at once, so that what one part of the gateway waits for cannot
 * take what the others need. Each leaves when its exchange ends, however that is.
 */
export class Bulkhead implements Closable {
  readonly #options: BulkheadOptions;
  readonly #onClose: () => void;
  /** In the order in which they came. */
  readonly #waiting = new Set<Waiter>();
  #inFlight = 0;

  constructor(options: BulkheadOptions, onClose: () => void = () => {}) {
    this.#options = options;
    this.#onClose = onClose;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  enter(exchange: Exchange): Entry | Promise<Entry> {
    const { limit, queue } = this.#options;
    if (this.#inFlight < limit) {
      this.#inFlight += 1;
      exchange.onEnd(this.#leave);
      return 'entered';
    }
    return this.#waiting.size < queue ? this.#wait(exchange) : 'refused';
  }

  close(): void {
    this.#onClose();
  }

  /** Who waited longest takes the place of who goes. */
  readonly #leave = (): void => {
    const [next] = this.#waiting;
    if (next === undefined) this.#inFlight -= 1;
    else next.settle('waited');
  };

  #wait(exchange: Exchange): Promise<Entry> {
    return new Promise((resolve) => {
      let entry: Entry | undefined;
      const waiter: Waiter = {
        timer: setTimeout(
          () => waiter.settle('late'),
          exchange.timeLeft(this.#options.queueTimeoutMs),
        ),
        settle: (how) => {
          entry = how;
          clearTimeout(waiter.timer);
          this.#waiting.delete(waiter);
          resolve(how);
        },
      };
      this.#waiting.add(waiter);
      exchange.onEnd(() => {
        if (entry === 'waited') this.#leave();
        // Who goes while waiting has no place to give up; nobody reads what it is answered.
        else if (entry === undefined) waiter.settle('late');
      });
    });
  }
}
