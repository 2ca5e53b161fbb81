import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@woodytoys/service';
import { type ChannelModel, connect } from 'amqplib';
import { MessagingError, reasonOf } from '../errors.ts';
import { backoffMs } from './backoff.ts';
import { cut, cutSoon, sayGoodbye, withTimeout } from './waiting.ts';

/** Opening a connection and setting it up; past it the attempt counts as failed. */
const OPEN_TIMEOUT_MS = 10_000;

/** How long `close()` waits for an attempt to connect that is under way. */
const CLOSE_TIMEOUT_MS = 2_000;

export interface LinkOptions {
  readonly url: string;
  /** What RabbitMQ shows as the name of the connection. */
  readonly name: string;
  readonly log: Logger;
  /** Runs on each new connection before anyone else may use it. */
  setUp(model: ChannelModel): Promise<void>;
  /** Called when the connection comes and goes. */
  changed(up: boolean): void;
}

/**
 * One connection to the broker that comes back by itself.
 *
 * amqplib 2.3 has `recovery`, which we leave alone: it attaches its listeners after its `setup` has
 * run, so that a connection lost meanwhile counts as up for ever (and its `error` event, unheard, ends
 * the process); it waits without limit for the goodbye of a connection that failed its setup; and it
 * knows nothing of channels, which is where consumers live and mostly die.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #ended = new AbortController();
  readonly #loop: Promise<void>;
  #model: ChannelModel | undefined;
  #next = Promise.withResolvers<ChannelModel>();
  #lastError: unknown;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#next.promise.catch(() => {});
    this.#loop = this.#run();
  }

  get up(): boolean {
    return this.#model !== undefined;
  }

  /** Why the connection is down, in one line. */
  get trouble(): string {
    return this.#lastError === undefined ? 'not connected yet' : reasonOf(this.#lastError);
  }

  /**
   * The connection, waiting for it while it is down.
   *
   * @throws MessagingError `connection-lost` when it has not come within `timeoutMs`, `closed` after
   *   `close()`
   */
  async model(timeoutMs: number): Promise<ChannelModel> {
    if (this.#model) return this.#model;
    return withTimeout(
      this.#next.promise,
      timeoutMs,
      () =>
        new MessagingError(
          'connection-lost',
          `No connection to the broker within ${timeoutMs} ms (${this.trouble}); ` +
            'it is being tried on, so try again later.',
        ),
    );
  }

  /** Cuts the connection, so that it is set up anew: the one way in which all state comes back. */
  restart(reason: Error): void {
    if (this.#model) cut(this.#model, reason);
  }

  async close(): Promise<void> {
    this.#ended.abort();
    if (this.#model) await sayGoodbye(this.#model);
    // An attempt to connect cannot be called off; the loop gives up its result.
    await Promise.race([this.#loop, sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false })]);
    this.#next.reject(new MessagingError('closed', 'Messaging is closed in this process.'));
  }

  async #run(): Promise<void> {
    const { log, name } = this.#options;
    for (let failures = 0; !this.#ended.signal.aborted;) {
      try {
        const { lost } = await this.#open();
        failures = 0;
        this.#lastError = await lost;
        this.#down();
      } catch (error) {
        this.#lastError = error;
      }
      if (this.#ended.signal.aborted) return;
      failures += 1;
      const delayMs = backoffMs(failures);
      log.warn(
        { err: this.#lastError, connection: name, failures, delayMs },
        'Broker not connected',
      );
      await sleep(delayMs, undefined, { signal: this.#ended.signal }).catch(() => {});
    }
  }

  /** Connects and sets up; `lost` resolves to why the connection has ended. */
  async #open(): Promise<{ readonly lost: Promise<Error> }> {
    const { url, name, setUp, changed, log } = this.#options;
    const model = await connect(url, {
      timeout: OPEN_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
      clientProperties: { connection_name: name },
    });
    const lost = whenLost(model);
    model.on('blocked', (reason) => {
      log.warn({ connection: name, reason }, 'Broker takes no messages for now');
    });
    model.on('unblocked', () => log.info({ connection: name }, 'Broker takes messages again'));
    try {
      await withTimeout(
        Promise.race([setUp(model), lost.then((error) => Promise.reject(error))]),
        OPEN_TIMEOUT_MS,
        () => new Error(`The broker has not answered within ${OPEN_TIMEOUT_MS} ms.`),
      );
    } catch (error) {
      await sayGoodbye(model);
      throw error;
    }
    if (this.#ended.signal.aborted) {
      await sayGoodbye(model);
      return { lost };
    }
    this.#model = model;
    this.#next.resolve(model);
    log.info({ connection: name }, 'Broker connected');
    changed(true);
    return { lost };
  }

  #down(): void {
    if (!this.#model) return;
    this.#model = undefined;
    this.#next = Promise.withResolvers();
    this.#next.promise.catch(() => {});
    this.#options.changed(false);
  }
}

/** Resolves when the connection ends, whatever the cause. */
function whenLost(model: ChannelModel): Promise<Error> {
  return new Promise((resolve) => {
    let cause: Error | undefined;
    model.on('error', (error) => (cause = error));
    model.on('close', (error) => {
      resolve(cause ?? error ?? new Error('The connection was closed.'));
      cutSoon(model);
    });
  });
}
