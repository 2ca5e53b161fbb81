import {
  FirstLevel,
  Flights,
  MemoryLevel,
  RedisLevel,
  defaultCommandTimeoutMs,
  keepLease,
  readOrWait,
  traceLevel,
} from '@woodytoys/caching/parts';
import type { Drop, SecondLevel } from '@woodytoys/caching/parts';
import type { BuildContext } from '../../plugin.ts';
import { Purges } from './purges.ts';
import { HeldAnswer, decodeEntry, encodeEntry } from './stored.ts';
import type { Entry, StoredAnswer, VaryMarker } from './stored.ts';

/** What is found under an id. */
export type Found =
  | { readonly kind: 'answer'; readonly held: HeldAnswer }
  | { readonly kind: 'vary'; readonly marker: VaryMarker }
  | { readonly kind: 'pass' };

export interface Reading {
  readonly found?: Found;
  /** The right to load. */
  readonly lease?: string;
}

const NAMESPACE = 'answers';
const MEMORY_ENTRIES = 100_000;
/** What an entry costs apart from its body and headers, roughly. */
const ENTRY_BYTES = 500;
/** Longer than any answer is of use; its variants are not found without it. */
const MARKER_MS = 86_400_000;
/** So long nobody waits for an answer that was not kept the last time. */
const PASS_MS = 10_000;

/** Kept answers: the process's own for a moment, and those that all replicas share. */
export class AnswerStore {
  readonly flights = new Flights();
  readonly purges: Purges;
  readonly #level: SecondLevel;
  readonly #first: FirstLevel<Found>;

  constructor(makeLevel: (drop: (what: Drop) => void) => SecondLevel, maxBytes: number) {
    this.#first = new FirstLevel({ maxBytes, sizeOf });
    this.#level = makeLevel((what) => this.#drop(what));
    this.purges = new Purges(this.#level, () => this.#drop({}));
  }

  /** What the process itself keeps. */
  get(id: string): Found | undefined {
    return this.#first.get(NAMESPACE, id, 0)?.result;
  }

  /**
   * What the replicas share. Waits up to `longestMs` while another loads; undefined when it cannot be
   * used or the wait was in vain: then load without a lease.
   *
   * @param servable whether an answer that is found is what is looked for; else the reading has a
   * lease, unless another replica brings a servable one meanwhile.
   */
  async read(
    id: string,
    longestMs: number,
    servable: (held: HeldAnswer) => boolean,
  ): Promise<Reading | undefined> {
    await this.purges.refresh();
    const foundIn = (payload: string, leftMs: number) => this.#found(payload, leftMs);
    const isServable = (found: Found | undefined) =>
      found !== undefined && (found.kind !== 'answer' || servable(found.held));
    let found: Found | undefined;
    for (const staleMs of [0, Number.MAX_SAFE_INTEGER]) {
      const reading = await readOrWait(this.#level, NAMESPACE, id, {
        staleMs,
        longestMs,
        enough: ({ entry, lease }) => {
          found = entry && foundIn(entry.payload, entry.leftMs);
          // An entry that does not serve is no reason to wait: the next turn asks for a lease.
          return lease !== undefined || isServable(found) || (staleMs === 0 && entry !== undefined);
        },
      });
      if (reading === undefined || reading === 'waited in vain') {
        return found === undefined ? undefined : { found };
      }
      const { lease } = reading;
      if (isServable(found)) {
        this.release(id, lease);
        return { ...(found && { found }) };
      }
      if (lease !== undefined) return { ...(found && { found }), lease };
    }
    return undefined;
  }

  /** What is there, and the right to load it anew, if nobody has it. */
  async take(id: string): Promise<Reading> {
    const reading = await this.#level.read(NAMESPACE, id, Number.MAX_SAFE_INTEGER);
    const { entry, lease } = reading ?? {};
    const found = entry && this.#found(entry.payload, entry.leftMs);
    return { ...(found && { found }), ...(lease !== undefined && { lease }) };
  }

  /** Keeps an answer; ends the lease. False when it was purged meanwhile. */
  async fill(id: string, lease: string | undefined, answer: StoredAnswer): Promise<boolean> {
    if (lease === undefined) return !this.purges.covers(answer);
    const payload = encodeEntry({ kind: 'answer', answer });
    const outcome = await this.#level.fill(NAMESPACE, id, lease, payload, answer.keepMs);
    return outcome !== 'refused' && !this.purges.covers(answer);
  }

  /** Keeps what the answers of an address vary by; ends the lease. */
  async fillMarker(id: string, lease: string | undefined, marker: VaryMarker): Promise<void> {
    if (lease !== undefined) await this.#fill(id, lease, { kind: 'vary', marker }, MARKER_MS);
  }

  /** Keeps that there is nothing to wait for; ends the lease. */
  async fillPass(id: string, lease: string | undefined): Promise<void> {
    if (lease !== undefined) await this.#fill(id, lease, { kind: 'pass' }, PASS_MS);
  }

  /** Keeps in the process, for at most `forMs`. */
  keep(id: string, found: Found, forMs: number): void {
    if (forMs <= 0 || (found.kind === 'answer' && this.purges.covers(found.held.stored))) return;
    const until = performance.now() + forMs;
    this.#first.set(NAMESPACE, id, { result: found, until, stale: false, epoch: 0 });
  }

  release(id: string, lease: string | undefined): void {
    if (lease !== undefined) void this.#level.release(NAMESPACE, id, lease);
  }

  /** Keeps a lease alive until the result is called. */
  keepLease(id: string, lease: string | undefined, onLost: () => void): () => void {
    if (lease === undefined) return () => {};
    return keepLease(this.#level, NAMESPACE, id, lease, onLost);
  }

  /** Forgets on every replica. Never rejects: a Redis that is away is told when it is back. */
  async invalidate(ids: readonly string[]): Promise<void> {
    await this.#level.invalidate(NAMESPACE, ids);
    this.#drop({ namespace: NAMESPACE, ids });
  }

  async close(): Promise<void> {
    await this.#level.close();
    this.#first.clear();
  }

  #fill(id: string, lease: string, entry: Entry, keepMs: number): Promise<unknown> {
    return this.#level.fill(NAMESPACE, id, lease, encodeEntry(entry), keepMs);
  }

  #found(payload: string, leftMs: number): Found | undefined {
    const entry = decodeEntry(payload);
    if (entry?.kind !== 'answer') return entry;
    if (this.purges.covers(entry.answer)) return undefined;
    return { kind: 'answer', held: new HeldAnswer(entry.answer, entry.answer.keepMs - leftMs) };
  }

  #drop({ namespace = NAMESPACE, ids }: Drop): void {
    if (namespace !== NAMESPACE) return;
    if (ids === undefined) {
      this.#first.clear();
      this.flights.invalidateAll();
      return;
    }
    for (const id of ids) {
      this.#first.delete(NAMESPACE, id);
      this.flights.invalidate(id);
    }
  }
}

/** The store of a process, or of as many as there are values of `maxBytes`. */
export function answerStore({ redis, log, metrics, shared }: BuildContext, maxBytes: number) {
  return shared(`cached answers ${maxBytes}`, () => {
    if (redis === undefined) {
      const half = Math.ceil(maxBytes / 2);
      return new AnswerStore(() => new MemoryLevel(MEMORY_ENTRIES, half), half);
    }
    const { url, tracing } = redis;
    return new AnswerStore((drop) => {
      const level = new RedisLevel({
        url,
        keyspace: 'gateway:cache',
        commandTimeoutMs: defaultCommandTimeoutMs,
        log,
        metrics: metrics.cache,
        drop,
      });
      return tracing === undefined ? level : traceLevel(level, tracing, url);
    }, maxBytes);
  });
}

function sizeOf(found: Found): number {
  if (found.kind !== 'answer') return ENTRY_BYTES;
  const { body, headers } = found.held.stored;
  return ENTRY_BYTES + body.length + headers.reduce((sum, text) => sum + text.length, 0);
}
