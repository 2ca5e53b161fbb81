import { describe, expect, it } from 'vitest';
import { drawEdges } from '../src/topology/edges.ts';
import { layOut } from '../src/topology/layout.ts';
import type { Placed } from '../src/topology/layout.ts';
import type { Snapshot, Topology, TopologyNode } from '../../src/snapshot.ts';
import { serviceOf, snapshotAt } from './snapshots.ts';

const node = (name: string, kind: TopologyNode['kind']): TopologyNode => ({ name, kind });
const topology: Topology = {
  nodes: [
    node('nginx', 'entry'),
    node('gateway', 'gateway'),
    node('product', 'service'),
    node('logistics', 'service'),
    node('logistics-worker', 'worker'),
    node('postgres', 'database'),
    node('rabbitmq', 'broker'),
  ],
  edges: [
    ['nginx', 'gateway'],
    ['gateway', 'product'],
    ['gateway', 'logistics'],
    ['product', 'postgres'],
    ['logistics', 'postgres'],
    ['logistics', 'rabbitmq'],
    ['rabbitmq', 'logistics-worker'],
  ],
};

const overlap = (a: Placed, b: Placed) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

describe('the layout of the topology', () => {
  it.each([320, 559, 560, 700, 1400])('fits into %i pixels, no node on another', (width) => {
    const { nodes, height } = layOut(topology, width);
    expect(nodes.map((place) => place.node.name).sort()).toEqual(
      topology.nodes.map(({ name }) => name).sort(),
    );
    for (const place of nodes) {
      expect(place.x).toBeGreaterThanOrEqual(0);
      expect(place.x + place.width).toBeLessThanOrEqual(width);
      expect(place.y).toBeGreaterThanOrEqual(0);
      expect(place.y + place.height).toBeLessThanOrEqual(height);
      for (const other of nodes) expect(place !== other && overlap(place, other)).toBe(false);
    }
  });

  it('goes from left to right as a request does, and downwards where there is no room', () => {
    const order = ['nginx', 'gateway', 'logistics', 'postgres'];
    const along = (width: number, axis: 'x' | 'y') => {
      const { nodes } = layOut(topology, width);
      return order.map((name) => nodes.find((place) => place.node.name === name)?.[axis] ?? NaN);
    };
    expect(along(700, 'x')).toEqual(along(700, 'x').toSorted((a, b) => a - b));
    expect(along(360, 'y')).toEqual(along(360, 'y').toSorted((a, b) => a - b));
  });
});

describe('the edges of the topology', () => {
  const services = [serviceOf('gateway', 30), serviceOf('product', 12), serviceOf('logistics', 7)];
  const snapshot: Snapshot = { ...snapshotAt(100, { services }), topology };
  const rates = (of: Snapshot) =>
    Object.fromEntries(
      drawEdges(of, layOut(of.topology, 700)).map(({ from, to, rate }) => [`${from} ${to}`, rate]),
    );

  it('have the rate of the service that they lead to, where that is measured', () => {
    expect(rates(snapshot)).toEqual({
      'nginx gateway': 30,
      'gateway product': 12,
      'gateway logistics': 7,
      'product postgres': null,
      'logistics postgres': null,
      'logistics rabbitmq': null,
      'rabbitmq logistics-worker': null,
    });
  });

  it('have none where several lead to one service: whose requests they are is not known', () => {
    const edges = [...topology.edges, ['product', 'logistics'] as const];
    expect(rates({ ...snapshot, topology: { ...topology, edges } })).toMatchObject({
      'gateway logistics': null,
      'product logistics': null,
    });
  });

  it('are left out where they lead to a node that is not there', () => {
    const edges = [['gateway', 'nobody'] as const];
    expect(rates({ ...snapshot, topology: { ...topology, edges } })).toEqual({});
  });
});
