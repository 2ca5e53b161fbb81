/** `ids` undefined: the whole namespace. */
export interface PendingInvalidation {
  readonly namespace: string;
  readonly ids: readonly string[] | undefined;
}

/**
 * What was forgotten while Redis could not be told, to be told before it is believed again.
 * Bounded: beyond `maxKeys`, the namespace that grows is forgotten as a whole instead.
 */
export class PendingInvalidations {
  readonly #maxKeys: number;
  readonly #byNamespace = new Map<string, Set<string> | 'all'>();
  #size = 0;

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys;
  }

  get isEmpty(): boolean {
    return this.#byNamespace.size === 0;
  }

  add({ namespace, ids }: PendingInvalidation): void {
    const known = this.#byNamespace.get(namespace) ?? new Set<string>();
    if (known === 'all') return;
    const before = known.size;
    for (const id of ids ?? []) known.add(id);
    this.#size += known.size - before;
    if (ids !== undefined && this.#size <= this.#maxKeys) {
      this.#byNamespace.set(namespace, known);
      return;
    }
    this.#byNamespace.set(namespace, 'all');
    this.#size -= known.size;
  }

  /** Takes out one namespace's; put it back with `add` when it could not be told. */
  take(): PendingInvalidation | undefined {
    for (const [namespace, known] of this.#byNamespace) {
      this.#byNamespace.delete(namespace);
      if (known === 'all') return { namespace, ids: undefined };
      this.#size -= known.size;
      return { namespace, ids: [...known] };
    }
    return undefined;
  }
}
