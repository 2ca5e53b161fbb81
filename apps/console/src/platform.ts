/**
 * What cannot be seen in the metrics: who stands in which place, and who keeps or carries what for
 * whom. Services that the gateway leads to and that are not named here keep data, use the cache and
 * talk by messages, as a new service does.
 */
import type { TopologyNode } from './snapshot.ts';

/** What a part of the platform uses, by its role. */
export type Store = 'database' | 'cache' | 'broker';

export interface Part {
  readonly name: string;
  readonly kind: Extract<TopologyNode['kind'], 'gateway' | 'service' | 'worker'>;
  readonly uses: readonly Store[];
  /** Queues that it works off; a worker's signals are those of its messages. */
  readonly queues?: readonly string[];
}

export const GATEWAY = 'gateway';

const ALL_STORES: readonly Store[] = ['database', 'cache', 'broker'];

/** In the order in which a request meets them. */
const PARTS: readonly Part[] = [
  { name: GATEWAY, kind: 'gateway', uses: ['cache'] },
  { name: 'user', kind: 'service', uses: ALL_STORES },
  { name: 'product', kind: 'service', uses: ALL_STORES },
  { name: 'logistics', kind: 'service', uses: ALL_STORES },
  {
    name: 'logistics-worker',
    kind: 'worker',
    uses: ALL_STORES,
    queues: ['logistics.products', 'logistics.reports'],
  },
  { name: 'order', kind: 'service', uses: ALL_STORES },
  {
    name: 'order-worker',
    kind: 'worker',
    uses: ['database', 'broker'],
    queues: ['order.orders'],
  },
  { name: 'console', kind: 'service', uses: [] },
];

/** The parts of a platform whose gateway leads to `upstreams`; those that are declared, until it tells. */
export function partsOf(upstreams: readonly string[] = []): readonly Part[] {
  const declared = new Set(PARTS.map(({ name }) => name));
  const added = upstreams.filter((name) => !declared.has(name));
  return [...PARTS, ...added.map((name): Part => ({ name, kind: 'service', uses: ALL_STORES }))];
}
