import { LRUCache } from 'lru-cache';

/** An entry of the process. */
export interface Kept {
  /** Made once, so that a hit allocates nothing. */
  readonly result: Promise<unknown>;
  /** On the clock of `performance.now()`. */
  readonly until: number;
  readonly stale: boolean;
  /** The namespace's when it was kept; a namespace is cleared by counting its epoch up. */
  readonly epoch: number;
}

/** The first level of all namespaces of a cache, bounded as a whole. */
export class FirstLevel {
  readonly #entries: LRUCache<string, Kept>;

  constructor(maxEntries: number) {
    this.#entries = new LRUCache({ max: maxEntries });
  }

  get(namespace: string, id: string, epoch: number): Kept | undefined {
    const kept = this.#entries.get(`${namespace}:${id}`);
    if (kept === undefined) return undefined;
    return kept.epoch === epoch && kept.until > performance.now() ? kept : undefined;
  }

  set(namespace: string, id: string, kept: Kept): void {
    this.#entries.set(`${namespace}:${id}`, kept);
  }

  delete(namespace: string, id: string): void {
    this.#entries.delete(`${namespace}:${id}`);
  }

  clear(): void {
    this.#entries.clear();
  }
}
