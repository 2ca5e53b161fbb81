import type { ScenarioResult } from '../k6/result.ts';
import type { Bar, Configuration, Lab, Step, Table } from '../lab/lab.ts';
import { programsConfiguration } from '../lab/program.ts';
import type { Chart } from '../report/chart.ts';
import { numberText, withUnit } from '../report/numbers.ts';
import type { Results } from '../report/results.ts';
import { gatewayProgram, pathOf } from './originals.ts';

const RATE = 1_500;
const ports = { backend: 18_680, gateway: 18_681, own: 18_682 };

/** Of slow-fast.yaml. */
const TIMEOUT_MS = 2_000;

/** How slow the slow endpoint is: as DMM's, and slower than the gateway waits. */
const slownesses = [
  { name: 'slow-1s', title: 'slow takes 1 s', ms: 1_000 },
  { name: 'slow-10s', title: 'slow takes 10 s', ms: 10_000 },
] as const;

/** DMM's figures for the same test; the longest time of the slow endpoint was printed as 600010. */
const dmm = { fastPerSecond: 1490.066, fastMaxMs: 608 };

const endpoints = ['fast', 'slow'] as const;
type Endpoint = (typeof endpoints)[number];

const load = {
  title: `${numberText(RATE)} requests/s each`,
  scenario: 'isolation',
  options: { rps: RATE },
};

function configurationOf({ name, title, ms }: (typeof slownesses)[number]): Configuration {
  return programsConfiguration({
    name,
    title,
    programs: [
      {
        name: 'backend',
        command: [
          process.execPath,
          pathOf('apps/gateway/bench/protection/backend.ts'),
          String(ports.backend),
        ],
        readyUrl: `http://127.0.0.1:${ports.backend}/state`,
      },
      gatewayProgram('loadtests/originals/slow-fast.yaml', {
        port: ports.gateway,
        environment: {
          SLOW_FAST_UPSTREAM: `http://127.0.0.1:${ports.backend}`,
          SLOW_MS: String(ms),
        },
      }),
    ],
    target: `http://127.0.0.1:${ports.gateway}`,
    ports: Object.values(ports),
    settings: { 'time-out': `${TIMEOUT_MS} ms`, 'limit per client': 'none in this route file' },
  });
}

function steps(): readonly Step[] {
  return slownesses.map((slowness) => ({
    part: 'isolation',
    configuration: configurationOf(slowness),
    load,
  }));
}

/** How long requests were sent: k6's own time goes on until the last answer. */
const sentSeconds = ({ requests, dropped }: ScenarioResult) => (requests + dropped) / (2 * RATE);
const sent = (endpoint: Endpoint) => (k6: ScenarioResult) => {
  const named = k6.byName[endpoint];
  return named && named.requests / sentSeconds(k6);
};
/** Requests with the expected answer, a second. */
const answered = (endpoint: Endpoint) => (k6: ScenarioResult) => {
  const named = k6.byName[endpoint];
  return named && (named.requests * (1 - named.failedRatio)) / sentSeconds(k6);
};
const latency = (endpoint: Endpoint, of: 'p50' | 'p95' | 'p99' | 'max') => (k6: ScenarioResult) =>
  k6.byName[endpoint]?.latency[of];

function tables(results: Results): readonly Table[] {
  const rows = slownesses.flatMap(({ name, title }) =>
    results.select({ configuration: name }).length === 0
      ? []
      : endpoints.map((endpoint) => {
          const figure = (of: Parameters<Results['median']>[1]) =>
            numberText(results.median({ configuration: name }, of));
          return [
            title,
            endpoint,
            figure(sent(endpoint)),
            figure(answered(endpoint)),
            ...(['p50', 'p95', 'p99', 'max'] as const).map((of) => figure(latency(endpoint, of))),
          ];
        }),
  );
  return [
    {
      title: 'What came back',
      head: ['', 'endpoint', 'sent/s', 'answered/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
      rows,
      note:
        'What was sent and not answered was refused at once (503 with Retry-After: the upstream has ' +
        'its fill of requests in flight) or given up after 2 s (504); both count in the times. The ' +
        'load and the backend run on the cores of the gateway.',
    },
  ];
}

function charts(results: Results): readonly Chart[] {
  const ran = slownesses.filter(({ name }) => results.select({ configuration: name }).length > 0);
  const values = (figure: Parameters<Results['median']>[1]) =>
    ran.map(({ name }) => results.median({ configuration: name }, figure));
  const groups = ran.map(({ title }) => title);
  return [
    {
      kind: 'bars',
      name: 'answered',
      title: 'Answered beside each other',
      y: { title: 'answered', unit: 'requests/s' },
      groups,
      series: endpoints.map((endpoint) => ({ name: endpoint, values: values(answered(endpoint)) })),
      levels: [{ y: dmm.fastPerSecond, title: 'fast at DMM' }],
    },
    {
      kind: 'bars',
      name: 'waited',
      title: 'How long clients waited',
      y: { title: 'time to the answer', unit: 'ms', logarithmic: true },
      groups,
      series: endpoints.flatMap((endpoint) => [
        { name: `${endpoint}, p50`, values: values(latency(endpoint, 'p50')) },
        { name: `${endpoint}, longest`, values: values(latency(endpoint, 'max')) },
      ]),
      levels: [{ y: dmm.fastMaxMs, title: 'the longest of fast at DMM' }],
    },
  ];
}

function bars(results: Results): readonly Bar[] {
  return slownesses.flatMap(({ name, title }) => {
    const median = (figure: Parameters<Results['median']>[1]) =>
      results.median({ configuration: name }, figure);
    const bar = (
      what: string,
      expected: string,
      value: number,
      unit: string,
      met: boolean,
    ): Bar => ({
      what: `${title}: ${what}`,
      expected,
      measured: Number.isNaN(value) ? undefined : withUnit(value, unit),
      met: Number.isNaN(value) ? undefined : met,
    });
    const perSecond = median(answered('fast'));
    const fastMax = median(latency('fast', 'max'));
    const slowMax = median(latency('slow', 'max'));
    return [
      bar(
        'fast answers',
        `≥ ${numberText(dmm.fastPerSecond)} /s`,
        perSecond,
        '/s',
        perSecond >= dmm.fastPerSecond,
      ),
      bar(
        'longest wait for fast',
        `≤ ${dmm.fastMaxMs} ms`,
        fastMax,
        'ms',
        fastMax <= dmm.fastMaxMs,
      ),
      bar('longest wait for slow', '≤ 2.5 s, DMM 60 s', slowMax / 1000, 's', slowMax <= 2_500),
    ];
  });
}

function findings(results: Results): readonly string[] {
  return slownesses.flatMap(({ name, title }) => {
    const median = (figure: Parameters<Results['median']>[1]) =>
      results.median({ configuration: name }, figure);
    const [fast, slow] = [median(answered('fast')), median(answered('slow'))];
    if (Number.isNaN(fast)) return [];
    const dropped = median((k6) => k6.dropped);
    return [
      `${title}: the fast endpoint answered ${numberText(fast)}/s, half of them within ` +
        `${numberText(median(latency('fast', 'p50')))} ms; the slow one answered ${numberText(slow)}/s.`,
      ...(dropped > 0
        ? [
            `${title}: k6 did not start ${numberText(dropped)} requests: this machine could not send ` +
              'at the full rate, and the figures are of what it did send.',
          ]
        : []),
    ];
  });
}

export const isolation: Lab = {
  name: 'isolation',
  title: "Isolation: DMM's slow and fast endpoints",
  question: `A slow endpoint and a fast one (50 ms) behind one gateway, each offered ${numberText(RATE)} requests/s: does the fast one feel the slow one?`,
  standalone: true,
  seconds: 60,
  warmUpSeconds: 5,
  runs: 3,
  parts: { isolation: 'the fast endpoint beside one of 1 s, and of 10 s' },
  steps,
  tables,
  charts,
  bars,
  findings,
  originals: [
    {
      title: 'DMM, slow 1 s and fast 50 ms at a constant 1,500 requests/s',
      head: ['endpoint', 'requests/s', 'min ms', 'average ms', 'max ms'],
      rows: [
        ['fast', '1490.066', '52', '88', '608'],
        ['slow', '80.972', '1002', '25920', '600010 (probably 60010)'],
      ],
      note: 'Eight cores and 8 GB, a mock backend, the load from elsewhere.',
    },
  ],
};
