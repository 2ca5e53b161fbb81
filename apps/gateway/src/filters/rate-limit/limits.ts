/** What is known of a partition once a request of it was counted. */
export interface Counted {
  readonly passed: boolean;
  /** Requests that the window still has. */
  readonly remaining: number;
  /** Milliseconds until the window ends. */
  readonly resetInMs: number;
}

/** Counts requests by partition, each in windows of its own that begin with its first request. */
export interface Limits {
  /** Counts one; undefined when it cannot be counted now. */
  count(key: string): Counted | undefined | Promise<Counted | undefined>;
  close(): void;
}

/** How many requests pass, and in what time. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}
