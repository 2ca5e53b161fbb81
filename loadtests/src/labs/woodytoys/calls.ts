import { setTimeout as sleep } from 'node:timers/promises';
import type { ProbeLoad } from '../../lab/lab.ts';
import type { Delays } from './delays.ts';
import type { Dialect, Toyshop } from './dialects.ts';

/** As many as TP9 asks for at once. */
export const AT_ONCE = 10;
const WARM_UP_CALLS = 50;
/** Fifty clients that ask so often are 500 requests/s. */
const POLL_MS = 100;

/** The calls of the page, one after the other as TP9 times them, and a few at once. */
export function callsProbe(dialect: Dialect, delays: Delays): ProbeLoad {
  return {
    title: 'the calls of the page, one by one',
    seconds: (3 * delays.heavyMs + 2 * delays.lastMs + delays.validationMs) / 1000,
    async probe({ running, signal }) {
      const shop = dialect(running.target, signal);
      // These make connections and compile code, on every replica.
      for (let call = 0; call < WARM_UP_CALLS; call += 1) await shop.short();
      const shortSeconds = await shop.short();
      const tenShortSeconds = Math.max(
        ...(await Promise.all(Array.from({ length: AT_ONCE }, () => shop.short()))),
      );
      const heavySeconds = await shop.heavy();
      const heavyAgainSeconds = await shop.heavy();
      const addSeconds = await shop.add();
      const lastSeconds = await shop.last();
      const lastAgainSeconds = await shop.last();
      const besideSeconds = await besideAHeavy(shop);
      const { id, seconds: orderSeconds } = await shop.order();
      const { seconds: statusSeconds } = await shop.status(id);
      const validatedSeconds = orderSeconds + (await untilValidated(shop, id));
      return {
        values: {
          ...{ shortSeconds, tenShortSeconds, besideSeconds, heavySeconds, heavyAgainSeconds },
          ...{ addSeconds, lastSeconds, lastAgainSeconds },
          ...{ orderSeconds, validatedSeconds, statusSeconds },
        },
      };
    },
  };
}

/** The short computation while somebody's order is on its way. */
async function besideAHeavy(shop: Toyshop): Promise<number> {
  const order = shop.order();
  // It is taken before the other is sent.
  await sleep(50);
  const [seconds] = await Promise.all([shop.short(), order]);
  return seconds;
}

/** @returns the seconds until the order's status says so. */
export async function untilValidated(shop: Toyshop, id: string): Promise<number> {
  const began = performance.now();
  while ((await shop.status(id)).status !== shop.validated) await sleep(POLL_MS);
  return (performance.now() - began) / 1000;
}
