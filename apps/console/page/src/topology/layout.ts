import type { Topology, TopologyNode } from '../../../src/snapshot.ts';

export interface Placed {
  readonly node: TopologyNode;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly vertical: boolean;
  readonly box: { readonly width: number; readonly height: number };
  readonly nodes: readonly Placed[];
}

const narrow = 560;

/**
 * Places nodes in layers as a request meets them: from left to right, or downwards where there is no
 * room. The same topology gives the same places.
 *
 * @param width CSS pixels that there are
 */
export function layOut(topology: Topology, width: number): Layout {
  const vertical = width < narrow;
  const layers = layersOf(topology);
  return vertical ? downwards(layers, width) : rightwards(layers, width);
}

function rightwards(layers: readonly TopologyNode[][], width: number): Layout {
  const gap = { x: Math.max(28, Math.min(64, width / 16)), y: 14 };
  const box = {
    width: Math.min(172, (width - 2 - gap.x * (layers.length - 1)) / Math.max(1, layers.length)),
    height: 62,
  };
  const between = layers.length > 1 ? (width - 2 - box.width) / (layers.length - 1) : 0;
  const tallest = Math.max(1, ...layers.map(({ length }) => length));
  const height = tallest * box.height + (tallest - 1) * gap.y + 2;
  const nodes = layers.flatMap((layer, column) => {
    const free = height - layer.length * box.height;
    // Short layers are spread a little, so that their edges do not lie on one line.
    const space = Math.min(free / (layer.length + 1), gap.y * 3);
    const used = layer.length * box.height + (layer.length - 1) * space;
    const top = (height - used) / 2;
    return layer.map((node, row) => ({
      node,
      x: 1 + column * between,
      y: top + row * (box.height + space),
    }));
  });
  return { width, height, vertical: false, box, nodes };
}

function downwards(layers: readonly TopologyNode[][], width: number): Layout {
  const gap = { x: 10, y: 30 };
  const box = { width: (width - 2 - gap.x) / 2, height: 62 };
  const rows = layers.flatMap((layer) =>
    Array.from({ length: Math.ceil(layer.length / 2) }, (_none, row) =>
      layer.slice(row * 2, row * 2 + 2),
    ),
  );
  const nodes = rows.flatMap((row, index) => {
    const used = row.length * box.width + (row.length - 1) * gap.x;
    return row.map((node, column) => ({
      node,
      x: (width - used) / 2 + column * (box.width + gap.x),
      y: 1 + index * (box.height + gap.y),
    }));
  });
  const height = rows.length * (box.height + gap.y) - gap.y + 2;
  return { width, height, vertical: true, box, nodes };
}

const LAYERS: readonly (readonly TopologyNode['kind'][])[] = [
  ['entry'],
  ['gateway'],
  ['service', 'worker'],
  ['database', 'cache', 'broker'],
];

/** By kind and not by path: messages flow back to the services that have sent them. */
function layersOf({ nodes }: Topology): TopologyNode[][] {
  return LAYERS.map((kinds) => nodes.filter(({ kind }) => kinds.includes(kind))).filter(
    (layer) => layer.length > 0,
  );
}
