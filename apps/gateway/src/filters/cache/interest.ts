import type { Exchange } from '../../exchange/exchange.ts';

/** Who waits for a load: when the last client has gone, the load ends too. */
export class Interest {
  readonly #onNobody: () => void;
  #waiting = 0;
  #load: Exchange | undefined;
  #over = false;

  /** @param onNobody called before the load is ended, so that nobody joins it any more. */
  constructor(onNobody: () => void) {
    this.#onNobody = onNobody;
  }

  join(exchange: Exchange): void {
    if (exchange.gone) return;
    this.#waiting += 1;
    exchange.onEnd(() => {
      this.#waiting -= 1;
      if (this.#waiting > 0 || this.#over) return;
      this.#over = true;
      this.#onNobody();
      this.#load?.onClientGone?.();
    });
  }

  /** Names the exchange that loads. */
  abortable(load: Exchange): void {
    this.#load = load;
  }

  /** The load has come to its end. */
  end(): void {
    this.#over = true;
  }
}
