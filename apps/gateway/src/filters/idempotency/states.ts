/**
 * Words used here.
 *
 * - key: what the client chose, with whose it is and the route it is for.
 * - token: made anew for each run; only the present token of a key may end it, so that a run that
 *   was taken for dead cannot overwrite what came after it.
 * - lease: how long a run counts as alive without a sign of life. It runs on one clock, the store's.
 */

export interface Beginning {
  /** A digest of the request: the same key with another one is a mistake of the client. */
  readonly fingerprint: string;
  readonly token: string;
  readonly leaseMs: number;
  /** How long the key is remembered, from its last change. */
  readonly ttlMs: number;
  /** Whether a run whose outcome is unknown is followed by another one. */
  readonly rerun: boolean;
}

export type Begun =
  /** It is the caller's to run; `attempt` is 1 for the first. */
  | { readonly state: 'begun'; readonly attempt: number }
  /** It has run, and this was kept of its answer. */
  | { readonly state: 'done'; readonly answer: string }
  | { readonly state: 'running' }
  /** It has run or not: nobody can tell, and it must not run again. */
  | { readonly state: 'unknown'; readonly reason: string }
  | { readonly state: 'reused' };

export type Ending =
  /** Its effect is known, and `answer` is what repeats get. */
  | { readonly kind: 'done'; readonly answer: string }
  /** It had no effect: the key is as it was before. */
  | { readonly kind: 'free' }
  | { readonly kind: 'unknown'; readonly reason: string };

/** The keys and what became of their requests. Every step is atomic. */
export interface KeyStates {
  begin(key: string, beginning: Beginning): Promise<Begun>;
  /** Gives a sign of life; false when the run is not the key's any more. */
  renew(key: string, token: string, leaseMs: number, ttlMs: number): Promise<boolean>;
  /** False when the key is another run's by now, or has its answer: then nothing has changed. */
  end(key: string, token: string, ending: Ending, ttlMs: number): Promise<boolean>;
}

/** Why the outcome is unknown when a lease ran out. */
export const DIED = 'the gateway that ran it gave no sign of life';
