import type { Closable } from './plugin.ts';

/**
 * What outlives a route table: upstreams with their connections, limiters with their counts. Each
 * table asks by key for what it needs; what no table in use has asked for is closed.
 */
export class Shared {
  readonly #things = new Map<string, { readonly thing: Closable; lastUse: number }>();
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
    this.#things.set(key, { thing, lastUse: this.#generation });
    return thing;
  }

  /** Closes what was last asked for before `generation`. */
  async closeOlder(generation: number): Promise<void> {
    const old = [...this.#things].filter(([, { lastUse }]) => lastUse < generation);
    for (const [key] of old) this.#things.delete(key);
    await Promise.all(old.map(([, { thing }]) => thing.close()));
  }
}
