import type { Lab } from '../lab/lab.ts';
import { bars, charts, findings, tables } from './woodytoys/report.ts';
import { stepsOf } from './woodytoys/steps.ts';

export const woodytoys: Lab = {
  name: 'woodytoys',
  title: 'Woodytoys: from a monolith to services, step by step',
  question:
    'Woodytoys is one process that has one request at a time: what does each step of TP9 and TP10 ' +
    'do to the same calls (services, replicas, a cache, asynchronous orders, a gateway with a limit ' +
    'per client, an edge that keeps the page)?',
  standalone: true,
  seconds: 60,
  warmUpSeconds: 0,
  runs: 1,
  parts: {
    calls: 'the calls of the page, one by one and a few at once',
    orders: 'how many orders a second clients are done with',
    page: 'the page with its picture of 5 MB, with and without an edge',
    limit: "TP10's test: 30 quick calls over the limit",
  },
  steps: stepsOf,
  tables,
  charts,
  bars,
  findings,
  originals: [
    {
      title: 'TP9, measured by students in 2025–26, seconds',
      head: ['', 'page', 'heavy', 'last product'],
      rows: [
        ['initial', '16.065', '5.029', '15.198'],
        ['+ replicas', '16.093', '5.040', '15.169'],
        ['+ Redis', '16.102', '5.058, again 0.021', '15.214, again 0.032'],
        ['+ CDN', '0.030', '', ''],
      ],
      note: 'Their heavy computation was kept for 30 s and the last product for 15 s, dropped by an insert, as ours are.',
    },
    {
      title: 'TP10, by students',
      head: ['', 'what they did'],
      rows: [
        ['A', 'misc, product and order in 3, 3 and 2 replicas, 5 workers; 10 requests/s a client'],
        [
          'B',
          '60 requests a minute a client, no burst: of 5 quick calls 1 passes; 5 orders at once',
        ],
      ],
    },
  ],
};
