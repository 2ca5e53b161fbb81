/**
 * Words used here.
 *
 * - namespace: all entries of one kind (`product`, `stock`), with one policy.
 * - first level: a bounded map in the process; second level: Redis, shared by all replicas.
 * - stale: past its time to live, yet young enough to be served while it is loaded anew.
 * - negative entry: the knowledge that the origin has nothing under that key.
 */

/** How long the entries of a namespace live. All durations in milliseconds. */
export interface CachePolicy {
  /** Fresh for this long, spread by ±10 % so that entries made together do not end together. */
  readonly ttlMs: number;
  /** Served stale for this long after that, while one caller loads; default 0. */
  readonly staleMs?: number;
  /** How long "there is none" is remembered; default 1,000. 0 remembers nothing. */
  readonly negativeTtlMs?: number;
  /** The longest time the first level may keep an entry without asking the second; default 1,000. */
  readonly firstLevelMs?: number;
  /** How long a caller waits for the load of another replica before it loads too; default 5,000. */
  readonly waitMs?: number;
}

export interface CacheNamespace<T> {
  /**
   * The entry, or what `load` gives. Of many concurrent callers, over all replicas, one loads.
   * `undefined` from `load` means that there is none. Errors of `load` go to every waiting caller
   * and are not kept. Without its second level the cache still answers.
   *
   * What comes back has been through JSON and is frozen, for the caller that loaded it too: many
   * callers share one object. Copy it to change it.
   *
   * @throws whatever `load` throws; `TypeError` when its value does not survive JSON.
   */
  get(key: string, load: () => Promise<T | undefined>): Promise<T | undefined>;
  /**
   * Forgets keys on every replica; a load that began before this never fills the entry again.
   * Never rejects: what cannot be told to the second level is told to it when it is back.
   */
  invalidate(...keys: readonly string[]): Promise<void>;
  /** Forgets the whole namespace on every replica. */
  clear(): Promise<void>;
}

export interface Cache {
  /**
   * One object a name; the values must survive JSON.
   *
   * @param name lower-case letters, digits and hyphens, at most 64.
   * @throws RangeError for a policy that makes no sense, or another policy for a name in use.
   */
  namespace<T>(name: string, policy: CachePolicy): CacheNamespace<T>;
  /** Whether the second level answers; reads work either way. */
  healthy(): boolean;
  close(): Promise<void>;
}
