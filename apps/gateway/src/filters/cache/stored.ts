import { randomBytes } from 'node:crypto';
import type { WholeAnswer } from '../../exchange/answer.ts';

/**
 * Words used here.
 *
 * - address: what is asked for: scheme, host, path and query, and the lane.
 * - lane: requests with `Authorization`, with `Cookie` and with neither have answers of their own.
 * - variant: the answer for one set of values of the headers in `Vary`.
 * - elapsed: how long the gateway has kept an answer; its age is older by what it had before.
 */

/** An answer as it is kept. All durations in milliseconds. */
export interface StoredAnswer extends WholeAnswer {
  /** How old it was when it came. */
  readonly ageMs: number;
  /** Fresh for so long after it came. */
  readonly freshMs: number;
  /** After that, served while it is asked for anew. */
  readonly whileRevalidateMs: number;
  /** After its freshness, served when the origin fails. */
  readonly ifErrorMs: number;
  /** Kept for so long, to be served or to be validated. */
  readonly keepMs: number;
  /** The path and query that it is the answer for, as purges name it. */
  readonly path: string;
  /** Under which the origin lets it be purged. */
  readonly tags: readonly string[];
  /** The last purge that came before it was asked for. */
  readonly purge: PurgePoint;
}

/** A place in the order of purges; those of another epoch are not compared. */
export interface PurgePoint {
  readonly epoch: string;
  readonly number: number;
}

/** The names in `Vary`, and a mark that the ids of the variants have in them. */
export interface VaryMarker {
  readonly names: readonly string[];
  readonly mark: string;
}

export type Entry =
  | { readonly kind: 'answer'; readonly answer: StoredAnswer }
  | { readonly kind: 'vary'; readonly marker: VaryMarker }
  /** What the origin answers here is not kept: nobody waits for anybody. */
  | { readonly kind: 'pass' };

export function varyMarker(names: readonly string[]): VaryMarker {
  return { names, mark: randomBytes(9).toString('base64url') };
}

export function encodeEntry(entry: Entry): string {
  if (entry.kind !== 'answer') return JSON.stringify(entry);
  const { body, ...rest } = entry.answer;
  return JSON.stringify({ kind: 'answer', answer: { ...rest, body: body.toString('base64') } });
}

/** Undefined for what `encodeEntry` of this version did not make. */
export function decodeEntry(payload: string): Entry | undefined {
  try {
    const entry = JSON.parse(payload) as Entry;
    if (entry.kind !== 'answer') return entry;
    const body = Buffer.from(entry.answer.body as unknown as string, 'base64');
    return { kind: 'answer', answer: { ...entry.answer, body } };
  } catch {
    return undefined;
  }
}

/** A kept answer and how long it has been kept. */
export class HeldAnswer {
  readonly stored: StoredAnswer;
  readonly #since: number;

  constructor(stored: StoredAnswer, elapsedMs = 0) {
    this.stored = stored;
    this.#since = performance.now() - elapsedMs;
  }

  get ageMs(): number {
    return this.stored.ageMs + this.#elapsedMs;
  }

  /** Negative when it is stale. */
  get freshLeftMs(): number {
    return this.stored.freshMs - this.#elapsedMs;
  }

  mayServeWhileRevalidating(): boolean {
    return -this.freshLeftMs < this.stored.whileRevalidateMs;
  }

  mayServeOnError(): boolean {
    return -this.freshLeftMs < this.stored.ifErrorMs;
  }

  get #elapsedMs(): number {
    return performance.now() - this.#since;
  }
}
