import type { Replica, Service, TopologyNode } from '../../../src/snapshot.ts';
import { keyedList, setAttributes, setText, svg } from '../dom.ts';
import type { ItemView } from '../dom.ts';
import type { Format } from '../format.ts';
import type { Placed } from './layout.ts';

/** A node with its place and, where it is measured, its service. */
export interface NodeState {
  readonly place: Placed;
  readonly service: Service | undefined;
}

const pad = 12;
const dotGap = 13;

/** A box with the name of a node, how fast it answers, and a dot for each replica. */
export function createNode(format: Format): ItemView<NodeState> {
  const rect = svg('rect', { rx: 9, class: 'node-box' });
  const name = svg('text', { class: 'node-name', x: pad });
  const detail = svg('text', { class: 'node-detail', x: pad });
  const dots = svg('g', { transform: `translate(${pad + 4} 48)` });
  const showDots = keyedList(dots, ({ replica }: Dot) => replica.instance, createDot);
  const root = svg('g', {}, rect, name, detail, dots);

  return {
    root,
    update({ place, service }) {
      const up = service?.replicas.filter((replica) => replica.up).length ?? 0;
      const down = (service?.replicas.length ?? 0) - up;
      setAttributes(root, {
        transform: `translate(${place.x} ${place.y})`,
        class: `node kind-${place.node.kind}${service && (down > 0 || up === 0) ? ' is-down' : ''}`,
      });
      setAttributes(rect, { width: place.width, height: place.height });
      setText(name, place.node.name);
      setText(detail, service ? speed(service, place.node.kind, format) : place.node.kind);
      const room = Math.floor((place.width - 2 * pad) / dotGap);
      const replicas = service?.replicas.slice(0, room) ?? [];
      showDots(replicas.map((replica, index) => ({ replica, index })));
      // Boxes without replicas have their two lines in the middle.
      setAttributes(name, { y: service ? 20 : 26 });
      setAttributes(detail, { y: service ? 36 : 43 });
    },
  };
}

function speed({ signals }: Service, kind: TopologyNode['kind'], format: Format): string {
  if (signals.p95 !== null) return `p95 ${format.duration(signals.p95)}`;
  return kind === 'worker' ? 'no messages' : 'no requests';
}

interface Dot {
  readonly replica: Replica;
  readonly index: number;
}

/** A disc for a replica that is up, a cross for one that is down: told apart without colour. */
function createDot(): ItemView<Dot> {
  const disc = svg('circle', { r: 4, class: 'replica-up' });
  const cross = svg('path', { d: 'M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5', class: 'replica-down' });
  const title = svg('title');
  const root = svg('g', {}, title);
  let up: boolean | undefined;
  return {
    root,
    update({ replica, index }) {
      setAttributes(root, { transform: `translate(${index * dotGap} 0)` });
      setText(title, `${replica.instance}: ${replica.up ? 'up' : 'down'}`);
      if (up === replica.up) return;
      up = replica.up;
      root.replaceChildren(title, up ? disc : cross);
    },
  };
}
