import type { Now } from './rolling-count.ts';

export interface EjectionOptions {
  /** So many failures in a row eject a replica. */
  readonly failures: number;
  /** The first time; twice as long at each further one. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** At most this share of the replicas is out at once, from 0 to 1. */
  readonly maxShare: number;
}

/** What is remembered of one replica. */
export interface EjectionMark {
  /** In a row. */
  failures: number;
  /** In a row too: a replica that was well for `maxMs` begins anew. */
  ejections: number;
  /** Of the clock; in the past when the replica is in. */
  until: number;
}

export function newEjectionMark(): EjectionMark {
  return { failures: 0, ejections: 0, until: Number.NEGATIVE_INFINITY };
}

/** Takes replicas out that fail the requests they get, whatever their probes say. */
export class Ejection {
  readonly #options: EjectionOptions;
  readonly #now: Now;

  constructor(options: EjectionOptions, now: Now) {
    this.#options = options;
    this.#now = now;
  }

  /**
   * Counts a failure of the replica with this mark, `all` being the marks of every replica known.
   * Gives the milliseconds that it is now out for; undefined when it stays.
   */
  failed(mark: EjectionMark, all: readonly EjectionMark[]): number | undefined {
    const { failures, baseMs, maxMs, maxShare } = this.#options;
    mark.failures += 1;
    if (mark.failures < failures) return undefined;
    const now = this.#now();
    if (mark.until > now) return undefined;
    const out = all.filter(({ until }) => until > now).length;
    if (out + 1 > Math.floor(all.length * maxShare)) return undefined;
    if (now - mark.until > maxMs) mark.ejections = 0;
    const outMs = Math.min(baseMs * 2 ** mark.ejections, maxMs);
    mark.ejections += 1;
    mark.failures = 0;
    mark.until = now + outMs;
    return outMs;
  }
}
