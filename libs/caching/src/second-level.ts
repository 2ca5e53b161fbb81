/**
 * The port between the read-through engine and what replicas share: Redis, or a map in the process.
 *
 * - lease: the right to load one key, which the second level gives to one caller at a time. It ends
 *   with `fill`, `release`, an invalidation, or by itself when its holder dies.
 *
 * No method rejects. An adapter counts and logs its own failures, since the engine's answer to all
 * of them is the same: go on without.
 */

export interface Reading {
  /** What is stored, fresh or stale. `leftMs` runs to the end of its stale time. */
  readonly entry?: { readonly payload: string; readonly leftMs: number };
  /** Given when there is nothing fresh and nobody loads; without entry and lease, another loads. */
  readonly lease?: string;
}

/**
 * `refused`: an invalidation came since the lease was given, or the lease ran out; the value may be
 * older than what is known elsewhere.
 */
export type FillOutcome = 'filled' | 'refused' | 'unavailable';

export interface SecondLevel {
  /** `undefined` when the second level cannot be used. Entries with `staleMs` left or less are stale. */
  read(namespace: string, id: string, staleMs: number): Promise<Reading | undefined>;
  /** Stores for `keepMs`, or removes the entry when that is 0; ends the lease. */
  fill(
    namespace: string,
    id: string,
    lease: string,
    payload: string,
    keepMs: number,
  ): Promise<FillOutcome>;
  /** Makes the lease last `leaseMs` from now; false when it has been lost. */
  renew(namespace: string, id: string, lease: string): Promise<boolean>;
  release(namespace: string, id: string, lease: string): Promise<void>;
  /** Removes one entry that cannot be read, on nobody's order: leases stay. */
  discard(namespace: string, id: string): Promise<void>;
  invalidate(namespace: string, ids: readonly string[]): Promise<void>;
  clear(namespace: string): Promise<void>;
  healthy(): boolean;
  close(): Promise<void>;
}

/** What another replica has forgotten: `ids` of a namespace, a namespace, or (unknown) anything. */
export interface Drop {
  readonly namespace?: string;
  readonly ids?: readonly string[];
}

/**
 * How long a lease lasts unless renewed, in milliseconds: the time that waiting replicas lose when
 * its holder dies. A holder whose event loop stalls for longer loses it and its load is not kept.
 */
export const leaseMs = 2_000;
