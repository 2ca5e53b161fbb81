import type { Topology, TopologyNode } from '../../../src/snapshot.ts';

export interface Placed {
  readonly node: TopologyNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly vertical: boolean;
  readonly nodes: readonly Placed[];
}

/** CSS pixels. */
const narrow = 560;
const boxHeight = 58;
const edge = 1;

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

function rightwards(layers: readonly Layer[], width: number): Layout {
  const gap = 12;
  const boxes = layers.map(({ boxWidth }) => boxWidth);
  const free = width - 2 * edge - boxes.reduce((sum, box) => sum + box, 0);
  const between = layers.length > 1 ? free / (layers.length - 1) : 0;
  const tallest = Math.max(1, ...layers.map(({ nodes }) => nodes.length));
  const height = tallest * (boxHeight + gap) - gap + 2 * edge;
  const nodes = layers.flatMap((layer, column) => {
    const left = boxes.slice(0, column).reduce((sum, box) => sum + box + between, edge);
    // Short layers are spread a little, so that their edges do not lie on one line.
    const spread = (height - layer.nodes.length * boxHeight) / (layer.nodes.length + 1);
    const space = Math.min(Math.max(spread, gap), gap * 3);
    const used = layer.nodes.length * (boxHeight + space) - space;
    return layer.nodes.map((node, row) => ({
      node,
      x: left,
      y: (height - used) / 2 + row * (boxHeight + space),
      width: layer.boxWidth,
      height: boxHeight,
    }));
  });
  return { width, height, vertical: false, nodes };
}

function downwards(layers: readonly Layer[], width: number): Layout {
  const gap = { x: 10, y: 30 };
  const boxWidth = (width - 2 * edge - gap.x) / 2;
  const rows = layers.flatMap(({ nodes }) =>
    Array.from({ length: Math.ceil(nodes.length / 2) }, (_none, row) =>
      nodes.slice(row * 2, row * 2 + 2),
    ),
  );
  const nodes = rows.flatMap((row, index) => {
    const used = row.length * (boxWidth + gap.x) - gap.x;
    return row.map((node, column) => ({
      node,
      x: (width - used) / 2 + column * (boxWidth + gap.x),
      y: edge + index * (boxHeight + gap.y),
      width: boxWidth,
      height: boxHeight,
    }));
  });
  const height = rows.length * (boxHeight + gap.y) - gap.y + 2 * edge;
  return { width, height, vertical: true, nodes };
}

interface Layer {
  readonly nodes: readonly TopologyNode[];
  /** CSS pixels, where the layers stand side by side. */
  readonly boxWidth: number;
}

const LAYERS: readonly {
  readonly kinds: readonly TopologyNode['kind'][];
  readonly boxWidth: number;
}[] = [
  { kinds: ['entry'], boxWidth: 84 },
  { kinds: ['gateway'], boxWidth: 108 },
  { kinds: ['service', 'worker'], boxWidth: 140 },
  { kinds: ['database', 'cache', 'broker'], boxWidth: 104 },
];

/** By kind and not by path: messages flow back to the services that have sent them. */
function layersOf({ nodes }: Topology): Layer[] {
  return LAYERS.map(({ kinds, boxWidth }) => ({
    nodes: nodes.filter(({ kind }) => kinds.includes(kind)),
    boxWidth,
  })).filter((layer) => layer.nodes.length > 0);
}
