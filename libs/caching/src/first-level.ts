import { LRUCache } from 'lru-cache';

/** An entry of the process. */
export interface Kept<Result = Promise<unknown>> {
  /** Made once, so that a hit allocates nothing. */
  readonly result: Result;
  /** On the clock of `performance.now()`. */
  readonly until: number;
  readonly stale: boolean;
  /** The namespace's when it was kept; a namespace is cleared by counting its epoch up. */
  readonly epoch: number;
}

/** How much is kept: so many entries, or so many bytes. */
export type FirstLevelBound<Result> =
  number | { readonly maxBytes: number; readonly sizeOf: (result: Result) => number };

/** The first level of all namespaces of a cache, bounded as a whole. */
export class FirstLevel<Result = Promise<unknown>> {
  readonly #entries: LRUCache<string, Kept<Result>>;

  constructor(bound: FirstLevelBound<Result>) {
    this.#entries =
      typeof bound === 'number'
        ? new LRUCache({ max: bound })
        : new LRUCache({
            maxSize: bound.maxBytes,
            sizeCalculation: ({ result }) => bound.sizeOf(result),
          });
  }

  get(namespace: string, id: string, epoch: number): Kept<Result> | undefined {
    const kept = this.#entries.get(`${namespace}:${id}`);
    if (kept === undefined) return undefined;
    return kept.epoch === epoch && kept.until > performance.now() ? kept : undefined;
  }

  set(namespace: string, id: string, kept: Kept<Result>): void {
    this.#entries.set(`${namespace}:${id}`, kept);
  }

  delete(namespace: string, id: string): void {
    this.#entries.delete(`${namespace}:${id}`);
  }

  clear(): void {
    this.#entries.clear();
  }
}
