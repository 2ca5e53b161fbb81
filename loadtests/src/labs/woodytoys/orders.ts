import type { ProbeLoad } from '../../lab/lab.ts';
import { untilValidated } from './calls.ts';
import type { Dialect } from './dialects.ts';

export interface OrdersOptions {
  readonly title: string;
  readonly count: number;
  /** Clients that order at once, and again when they are done. */
  readonly abreast: number;
  /** When a client is done: its order is in good hands, or known to be good. */
  readonly until: 'accepted' | 'validated';
  /** About how long it takes. */
  readonly seconds: number;
}

/** How many orders a second are done with. */
export function ordersProbe(dialect: Dialect, options: OrdersOptions): ProbeLoad {
  const { title, seconds, count, abreast, until } = options;
  return {
    title,
    seconds,
    async probe({ running, signal }) {
      const shop = dialect(running.target, signal);
      let left = count;
      let slowestSeconds = 0;
      const began = performance.now();
      const client = async () => {
        while (left > 0) {
          left -= 1;
          const order = await shop.order();
          const waited = until === 'validated' ? await untilValidated(shop, order.id) : 0;
          slowestSeconds = Math.max(slowestSeconds, order.seconds + waited);
        }
      };
      await Promise.all(Array.from({ length: abreast }, client));
      const ordersPerSecond = count / ((performance.now() - began) / 1000);
      return { values: { ordersPerSecond, slowestSeconds } };
    },
  };
}
