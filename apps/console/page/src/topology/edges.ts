import type { Snapshot } from '../../../src/snapshot.ts';
import type { Layout, Placed } from './layout.ts';

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  /** SVG path data. */
  readonly path: string;
  /** Where its rate ends: at the head, where edges are apart. */
  readonly label: { readonly x: number; readonly y: number };
  /** Requests a second that flow along it; null where that is not measured. */
  readonly rate: number | null;
}

/** The edges as curves between the facing sides of their nodes. */
export function drawEdges({ topology, services }: Snapshot, layout: Layout): DrawnEdge[] {
  const placed = new Map(layout.nodes.map((place) => [place.node.name, place]));
  return topology.edges.flatMap(([from, to]) => {
    const [begin, end] = [placed.get(from), placed.get(to)];
    if (!begin || !end) return [];
    // What arrives at a service is known, and belongs to an edge when there is only one.
    const callers = topology.edges.filter(([, target]) => target === to).length;
    const target = services.find(({ name }) => name === to);
    const called = end.node.kind === 'service' || end.node.kind === 'gateway';
    const rate = called && callers === 1 ? (target?.signals.rps ?? null) : null;
    return [{ from, to, rate, ...curve(begin, end, layout) }];
  });
}

function curve(from: Placed, to: Placed, { vertical }: Layout) {
  if (vertical) {
    const down = from.y < to.y;
    const [x1, y1] = [from.x + from.width / 2, from.y + (down ? from.height : 0)];
    const [x2, y2] = [to.x + to.width / 2, to.y + (down ? 0 : to.height)];
    const middle = (y1 + y2) / 2;
    return {
      path: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`,
      label: { x: x2 - 8, y: y2 - 10 },
    };
  }
  const right = from.x < to.x;
  const [x1, y1] = [from.x + (right ? from.width : 0), from.y + from.height / 2];
  const [x2, y2] = [to.x + (right ? 0 : to.width), to.y + to.height / 2];
  const middle = (x1 + x2) / 2;
  return {
    path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`,
    // On the side that the curve does not come from.
    label: { x: x2 - 10, y: y1 < y2 ? y2 + 15 : y2 - 7 },
  };
}
