import type { Snapshot } from '../../../src/snapshot.ts';
import { el, keyedList, setAttributes, setText, svg } from '../dom.ts';
import type { ItemView } from '../dom.ts';
import type { Format } from '../format.ts';
import { drawEdges } from './edges.ts';
import type { DrawnEdge } from './edges.ts';
import { layOut } from './layout.ts';
import { createNode } from './node.ts';
import type { NodeState } from './node.ts';

export interface TopologyView {
  readonly root: HTMLElement;
  update(snapshot: Snapshot): void;
}

/** Who calls whom, with the replicas of each; the table of services says the same in words. */
export function createTopology(format: Format): TopologyView {
  const edges = svg('g');
  const nodes = svg('g');
  const labels = svg('g');
  const drawing = svg(
    'svg',
    { class: 'topology', 'aria-hidden': 'true' },
    arrow(),
    edges,
    nodes,
    labels,
  );
  const host = el('div', { class: 'topology-host' }, drawing);
  const summary = el('p', { class: 'visually-hidden' });
  const showEdges = keyedList(edges, keyOf, createEdge);
  const showLabels = keyedList(labels, keyOf, () => createLabel(format));
  const showNodes = keyedList(
    nodes,
    ({ place }: NodeState) => place.node.name,
    () => createNode(format),
  );
  const root = el(
    'section',
    { class: 'card topology-card', 'aria-labelledby': 'topology-title' },
    el('header', { class: 'card-head' }, el('h2', { id: 'topology-title' }, 'Topology'), key()),
    host,
    summary,
  );
  let latest: Snapshot | undefined;
  new ResizeObserver(() => latest && draw(latest)).observe(host);

  function draw(snapshot: Snapshot): void {
    latest = snapshot;
    const layout = layOut(snapshot.topology, host.clientWidth);
    const { width, height } = layout;
    setAttributes(drawing, { width, height, viewBox: `0 0 ${width} ${height}` });
    const drawn = drawEdges(snapshot, layout);
    showEdges(drawn);
    showLabels(layout.vertical ? [] : drawn.filter(({ rate }) => rate !== null));
    showNodes(
      layout.nodes.map((place) => ({
        place,
        service: snapshot.services.find(({ name }) => name === place.node.name),
      })),
    );
    setText(summary, describe(drawn, format));
  }

  return { root, update: draw };
}

const keyOf = ({ from, to }: DrawnEdge): string => `${from} ${to}`;

function describe(edges: readonly DrawnEdge[], format: Format): string {
  const parts = edges.map(({ from, to, rate }) => {
    const flow = rate === null ? '' : ` with ${format.rate(rate)}`;
    return `${from} to ${to}${flow}`;
  });
  return `Who calls whom: ${parts.join('; ')}.`;
}

function createEdge(): ItemView<DrawnEdge> {
  const root = svg('path', { 'marker-end': 'url(#arrow)' });
  return {
    root,
    update({ path, rate }) {
      const busy = (rate ?? 0) > 0;
      // From 1.25 at rest to about 4 at 100 requests a second.
      const width = busy ? 1.25 + Math.log10(1 + (rate ?? 0)) * 1.4 : 1.25;
      setAttributes(root, {
        d: path,
        class: busy ? 'edge is-busy' : 'edge',
        'stroke-width': width.toFixed(2),
      });
    },
  };
}

function createLabel(format: Format): ItemView<DrawnEdge> {
  const root = svg('text', { class: 'edge-label' });
  return {
    root,
    update({ label, rate }) {
      setAttributes(root, { x: label.x, y: label.y });
      setText(root, format.rate(rate));
    },
  };
}

function arrow(): SVGElement {
  const shape = svg('path', { d: 'M0 0L6 3L0 6z', class: 'arrow' });
  const marker = svg(
    'marker',
    { id: 'arrow', viewBox: '0 0 6 6', refX: 6, refY: 3, markerWidth: 7, markerHeight: 7 },
    shape,
  );
  setAttributes(marker, { orient: 'auto', markerUnits: 'userSpaceOnUse' });
  return svg('defs', {}, marker);
}

/** What the dots mean. */
function key(): HTMLElement {
  const sample = (shape: SVGElement) =>
    svg('svg', { width: 12, height: 12, viewBox: '-6 -6 12 12', 'aria-hidden': 'true' }, shape);
  return el(
    'p',
    { class: 'key' },
    sample(svg('circle', { r: 4, class: 'replica-up' })),
    ' replica up ',
    sample(svg('path', { d: 'M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5', class: 'replica-down' })),
    ' down',
  );
}
