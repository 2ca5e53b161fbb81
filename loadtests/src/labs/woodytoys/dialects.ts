import { LabError } from '../../lab/failure.ts';
import { askWell } from './ask.ts';
import type { Call } from './ask.ts';

/** What a client of Woodytoys does; each call resolves to the seconds that it took. */
export interface Toyshop {
  readonly short: () => Promise<number>;
  readonly heavy: () => Promise<number>;
  readonly add: () => Promise<number>;
  readonly last: () => Promise<number>;
  readonly order: () => Promise<{ readonly id: string; readonly seconds: number }>;
  readonly status: (id: string) => Promise<{ readonly status: string; readonly seconds: number }>;
  /** The status of an order that was found to be good. */
  readonly validated: string;
}

export type Dialect = (origin: string, signal: AbortSignal) => Toyshop;

const uuid = /[0-9a-f]{8}-[0-9a-f-]{27}/;

/** The original's calls: all by GET, answers in plain text. The monolith and our facade speak it. */
export const original =
  (host?: string): Dialect =>
  (origin, signal) => {
    const get = async (path: string, expected: RegExp) => {
      const call: Call = { origin, path, signal, ...(host !== undefined && { host }) };
      const { body, seconds } = await askWell(call);
      return { found: matched(path, body.toString(), expected), seconds };
    };
    const timed = async (path: string, expected: RegExp) => (await get(path, expected)).seconds;
    return {
      short: () => timed('/api/misc/time', /^misc: \S/),
      heavy: () => timed('/api/misc/heavy?name=Yoyo', /: Woody -Yoyo- Woody/),
      add: () => timed('/api/products?product=Yoyo', /Yoyo/),
      last: () => timed('/api/products/last', /^db: .+ products \(last=Yoyo\)/),
      order: async () => {
        const { found, seconds } = await get('/api/orders/do?order=Yoyo', uuid);
        return { id: found, seconds };
      },
      status: async (id) => {
        const { found, seconds } = await get(`/api/orders/?order_id=${id}`, /(?<=": )\w+/);
        return { status: found, seconds };
      },
      validated: 'Success',
    };
  };

/** This platform's API: JSON, and writes by POST. */
export const api: Dialect = (origin, signal) => {
  const json = async (path: string, body?: unknown) => {
    const { body: bytes, seconds } = await askWell({ origin, path, signal, body });
    return { json: JSON.parse(bytes.toString()) as Record<string, unknown>, seconds };
  };
  return {
    short: async () => (await json('/api/misc/time')).seconds,
    heavy: async () => (await json('/api/misc/heavy?name=Yoyo')).seconds,
    add: async () => (await json('/api/products', newProduct)).seconds,
    last: async () => (await json('/api/products/last')).seconds,
    order: async () => {
      const { json: order, seconds } = await json('/api/orders', { product: 'Yoyo' });
      return { id: String(order['id']), seconds };
    },
    status: async (id) => {
      const { json: order, seconds } = await json(`/api/orders/${id}`);
      return { status: String(order['status']), seconds };
    },
    validated: 'validated',
  };
};

const newProduct = { name: 'Yoyo', price: 9.99, category: 'games' };

function matched(path: string, text: string, expected: RegExp): string {
  const [found] = expected.exec(text) ?? [];
  if (found !== undefined) return found;
  throw new LabError(`${path} answered "${text.slice(0, 100)}"; expected ${expected}.`);
}
