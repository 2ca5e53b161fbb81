/** Milliseconds of a clock that never goes back. */
export type Now = () => number;

const SLICES = 10;

/** How often something happened in the last `windowMs`, to a tenth of it. */
export class RollingCount {
  readonly #slices = new Float64Array(SLICES);
  readonly #sliceMs: number;
  readonly #now: Now;
  #at: number;
  #total = 0;

  constructor(windowMs: number, now: Now) {
    this.#sliceMs = windowMs / SLICES;
    this.#now = now;
    this.#at = Math.floor(now() / this.#sliceMs);
  }

  get total(): number {
    this.#forget();
    return this.#total;
  }

  add(): void {
    this.#forget();
    (this.#slices[this.#at % SLICES] as number) += 1;
    this.#total += 1;
  }

  clear(): void {
    this.#slices.fill(0);
    this.#total = 0;
  }

  #forget(): void {
    const at = Math.floor(this.#now() / this.#sliceMs);
    if (at === this.#at) return;
    const steps = Math.min(at - this.#at, SLICES);
    for (let step = 1; step <= steps; step += 1) {
      const slice = (this.#at + step) % SLICES;
      this.#total -= this.#slices[slice] as number;
      this.#slices[slice] = 0;
    }
    this.#at = at;
  }
}
