import type { Flight } from '@woodytoys/caching/parts';
import type { AnswerStore, Reading } from './answer-store.ts';
import type { Asked } from './asked.ts';
import { joined } from './judge.ts';
import { HeldAnswer, varyMarker } from './stored.ts';
import type { StoredAnswer, VaryMarker } from './stored.ts';

/** Where a lease is held, and what is known of the address. */
export interface Place {
  readonly id: string;
  readonly lease: string | undefined;
  readonly marker: VaryMarker | undefined;
}

/** Where an answer was kept: at its address, or as a variant of it. */
export interface Kept {
  readonly id: string;
  readonly marker: VaryMarker | undefined;
}

/** Keeps answers where they are looked for. */
export class Keeper {
  readonly #store: AnswerStore;
  readonly #firstLevelMs: number;

  constructor(store: AnswerStore, firstLevelMs: number) {
    this.#store = store;
    this.#firstLevelMs = firstLevelMs;
  }

  /** Ends the lease. */
  async keep(asked: Asked, from: Place, answer: StoredAnswer, flight?: Flight): Promise<Kept> {
    const store = this.#store;
    const place = await this.#placeOf(asked, from, varyNames(answer));
    const filled = await store.fill(place.id, place.lease, answer);
    if (filled && flight?.valid !== false) {
      const held = new HeldAnswer(answer);
      const forMs = Math.min(this.#firstLevelMs, held.freshLeftMs);
      store.keep(place.id, { kind: 'answer', held }, forMs);
    }
    return place;
  }

  /** The same for an answer that was loaded without a lease. */
  async keepUnleased(asked: Asked, answer: StoredAnswer): Promise<void> {
    const at = await this.#store.take(asked.id);
    const marker = at.found?.kind === 'vary' ? at.found.marker : undefined;
    // When another loads it, its answer is as good.
    if (at.lease === undefined) return;
    await this.keep(asked, { id: asked.id, lease: at.lease, marker }, answer);
  }

  async #placeOf(asked: Asked, from: Place, names: readonly string[]): Promise<Place> {
    const { marker } = from;
    if (marker === undefined && names.length === 0) return this.#at(asked.id, from, undefined);
    if (marker !== undefined && names.every((name) => marker.names.includes(name))) {
      return this.#at(asked.variantId(marker), from, marker);
    }
    // Variants of the former marker are not found any more, and run out.
    const wider = varyMarker([...new Set([...(marker?.names ?? []), ...names])].sort());
    const address = await this.#at(asked.id, from, wider);
    await this.#store.fillMarker(asked.id, address.lease, wider);
    this.#store.keep(asked.id, { kind: 'vary', marker: wider }, this.#firstLevelMs);
    const variant = asked.variantId(wider);
    return { id: variant, lease: (await this.#store.take(variant)).lease, marker: wider };
  }

  /** The lease of an id, in exchange for the one that is held when that is of another. */
  async #at(id: string, from: Place, marker: VaryMarker | undefined): Promise<Place> {
    if (id === from.id) return { ...from, marker };
    this.#store.release(from.id, from.lease);
    const { lease }: Reading = from.lease === undefined ? {} : await this.#store.take(id);
    return { id, lease, marker };
  }
}

function varyNames({ headers }: StoredAnswer): readonly string[] {
  const names = joined(headers, 'vary')?.split(',') ?? [];
  return names.map((name) => name.trim().toLowerCase()).filter((name) => name !== '');
}
