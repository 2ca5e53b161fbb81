import type { Closable } from '../plugin.ts';

interface SharedThing {
  readonly thing: Closable;
  /** The generation that it was made for, and the last that asked for it. */
  readonly created: number;
  lastUse: number;
}

/**
 * What outlives a route table: upstreams with their connections, limiters with their counts. Each
 * table asks by key for what it needs; what no table in use has asked for is closed.
 */
export class Shared {
  readonly #things = new Map<string, SharedThing>();
  #generation = 0;

  /** Begins the next table's asking. */
  begin(): number {
    this.#generation += 1;
    return this.#generation;
  }

  get<Thing extends Closable>(key: string, create: () => Thing): Thing {
    const known = this.#things.get(key);
    if (known !== undefined) {
      known.lastUse = this.#generation;
      // A key is made of the kind of thing and all that it is made from, so it is a `Thing`.
      return known.thing as Thing;
    }
    const thing = create();
    this.#things.set(key, { thing, created: this.#generation, lastUse: this.#generation });
    return thing;
  }

  /** Closes what was last asked for before `generation`. */
  async closeOlder(generation: number): Promise<void> {
    await this.#close(({ lastUse }) => lastUse < generation);
  }

  /** Closes what was made for a table that is not used after all. */
  async abandon(generation: number): Promise<void> {
    await this.#close(({ created }) => created === generation);
  }

  async #close(which: (thing: SharedThing) => boolean): Promise<void> {
    const closing = [...this.#things].filter(([, shared]) => which(shared));
    for (const [key] of closing) this.#things.delete(key);
    await Promise.all(closing.map(([, { thing }]) => thing.close()));
  }
}
