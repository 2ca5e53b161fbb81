import type { Table } from '../../lab/lab.ts';

/** LOG430's lab 4 as its report and charts have it: three services in Go, three PostgreSQL, Traefik. */
export const originals: readonly Table[] = [
  {
    title: 'Replicas of logistique',
    head: ['load', 'replicas', 'errors', 'mean latency of mere'],
    rows: [
      ['1/s of each', '1, no balancer', 'none', '22 ms'],
      ['15/s of each', '1', 'none', '0.57 s'],
      ['15/s of each', '2', 'none', '0.42 s'],
      ['15/s of each', '3', 'none', '0.42–0.45 s'],
      ['15/s of each', '4', 'none', '0.40 s'],
      ['30/s of each', '1 to 4', 'all fail; up to 7.7–15.2 errors/s', '140–154 s'],
      ['100/s of each', '1', 'the machine is lost', '–'],
    ],
    note: 'Read off its charts, which show means; another machine, so the orders of magnitude count.',
  },
  {
    title: 'With its cache, and with an instance taken away',
    head: ['what', 'load', 'errors', 'latency'],
    rows: [
      [
        'cache of 30 s, no invalidation',
        '30/s of each',
        'none',
        'mere 0.36 s, magasin 0.28 s, logistique 0.03 s',
      ],
      ['the same', '70/s of each', 'about 30 errors/s (mere)', 'about 17 s'],
      ['2 instances, one taken away', '19/s of each', 'to 9.2 errors/s', 'mere 36 s'],
    ],
    note: 'Its comparison of balancing strategies was inconclusive: it would need 500 requests/s, its author says.',
  },
];
