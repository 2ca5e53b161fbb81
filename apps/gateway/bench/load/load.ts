/** What every load asks for, of every candidate alike. */
export interface Target {
  readonly port: number;
  readonly path: string;
  /** Sent in turn, as `Authorization: Bearer`. */
  readonly tokens: readonly string[];
}

/** What came of a load. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Answers other than 2xx, broken connections and time-outs. */
  readonly failures: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}
