import type { SharedRedis } from '../../plugin.ts';

/** After a failure Redis is left alone for this long: what cannot answer must not cost time. */
const REST_MS = 1_000;

/** Whether Redis is worth asking; tells when it begins to fail and when it works again. */
export class RedisHealth {
  readonly #redis: SharedRedis;
  readonly #onFailing: (error: unknown) => void;
  #restUntil = 0;
  #failing = false;
  readonly #onReady = () => {
    this.#restUntil = 0;
  };

  /** `onFailing` is called once for each time that Redis begins to fail. */
  constructor(redis: SharedRedis, onFailing: (error: unknown) => void) {
    this.#redis = redis;
    this.#onFailing = onFailing;
    redis.on('ready', this.#onReady);
  }

  get resting(): boolean {
    return this.#failing && performance.now() < this.#restUntil;
  }

  works(): void {
    this.#failing = false;
  }

  fails(error: unknown): void {
    this.#restUntil = performance.now() + REST_MS;
    if (!this.#failing) this.#onFailing(error);
    this.#failing = true;
  }

  close(): void {
    this.#redis.off('ready', this.#onReady);
  }
}
