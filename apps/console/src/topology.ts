import { GATEWAY } from './platform.ts';
import type { Part, Store } from './platform.ts';
import type { Topology, TopologyNode } from './snapshot.ts';

/** What stands beside the services where this platform runs. */
export interface Surroundings {
  /** What is before the gateway; none unless given. */
  readonly entry?: string;
  /** The name of what keeps or carries, by its role; one that is not there has none. */
  readonly stores: Readonly<Partial<Record<Store, string>>>;
}

const STORES: readonly Store[] = ['database', 'cache', 'broker'];

/** Who talks to whom, from the entry to the stores. */
export function topologyOf(parts: readonly Part[], { entry, stores }: Surroundings): Topology {
  const nodes: TopologyNode[] = parts.map(({ name, kind }) => ({ name, kind }));
  const edges: [string, string][] = [];
  if (entry !== undefined) {
    nodes.unshift({ name: entry, kind: 'entry' });
    edges.push([entry, GATEWAY]);
  }
  for (const { name, kind } of parts) if (kind === 'service') edges.push([GATEWAY, name]);
  for (const store of STORES) {
    const node = stores[store];
    const users = parts.filter(({ uses }) => uses.includes(store));
    if (node === undefined || users.length === 0) continue;
    nodes.push({ name: node, kind: store });
    for (const { name, kind } of users) {
      // A worker is sent its messages.
      edges.push(store === 'broker' && kind === 'worker' ? [node, name] : [name, node]);
    }
  }
  return { nodes, edges };
}
