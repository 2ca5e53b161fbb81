/** Results as a lab would have recorded them. */
import type { ScenarioResult } from '../../src/k6/result.ts';
import type { Lab, Measurement } from '../../src/lab/lab.ts';
import type { LabData } from '../../src/report/data.ts';
import { requestsPerSecond } from '../../src/report/figures.ts';

export function scenarioResult(changes: Partial<ScenarioResult> = {}): ScenarioResult {
  return {
    scenario: 'lab4',
    target: 'http://127.0.0.1:1',
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 60,
    requests: 5_400,
    requestsPerSecond: 90,
    failedRatio: 0,
    latency: { p50: 4, p95: 10, p99: 20, max: 50 },
    byName: {},
    checks: { passed: 1, failed: 0 },
    failedChecks: {},
    thresholds: [],
    statuses: { '200': 5_400 },
    dropped: 0,
    k6: '1.8.1',
    rateLimit: 'limit per client: 100000000 in 60 s',
    ...changes,
  };
}

export function measurement(changes: Partial<Measurement> = {}): Measurement {
  return {
    part: 'first',
    configuration: 'one',
    load: '30/s',
    run: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 60.4,
    k6: scenarioResult(),
    values: { 'cpu.gateway': 0.5 },
    series: [],
    events: [],
    ...changes,
  };
}

export function labData(changes: Partial<LabData> = {}): LabData {
  return {
    version: 1,
    lab: 'recorded',
    quick: false,
    standalone: false,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:10:00.000Z',
    command: 'npm run lab -- recorded',
    revision: '0123456789ab',
    machine: {
      cores: 2,
      model: 'A processor',
      memoryGiB: 24,
      kernel: 'linux 6',
      loadBefore: 0.1,
      node: 'v24',
      engine: '20.10',
    },
    versions: { PostgreSQL: '18.1' },
    configurations: { one: { title: 'One | replica', settings: { CACHE: 'off' } } },
    measurements: [measurement()],
    skipped: [],
    ...changes,
  };
}

/** A lab whose report is made of recorded results. */
export const recordedLab: Lab = {
  name: 'recorded',
  title: 'A recorded lab',
  question: 'What does a report look like?',
  standalone: false,
  seconds: 60,
  warmUpSeconds: 10,
  runs: 3,
  parts: { first: 'all of it' },
  steps: () => [],
  tables: (results) => [
    {
      title: 'Rates',
      head: ['what', 'requests/s'],
      rows: results
        .configurations('first')
        .map((configuration) => [
          results.title(configuration),
          String(results.median({ part: 'first', configuration }, requestsPerSecond)),
        ]),
    },
  ],
  charts: () => [
    {
      kind: 'bars',
      name: 'rates',
      title: 'Rates',
      y: { title: 'rate', unit: '1/s' },
      groups: ['one'],
      series: [{ name: 'a', values: [1] }],
    },
  ],
  bars: (results) => {
    const rate = results.median({ part: 'first' }, requestsPerSecond);
    return [
      { what: 'rate', expected: '≥ 80', measured: `${rate}`, met: rate >= 80 },
      { what: 'latency', expected: '≤ 1 ms', measured: '10 ms', met: false },
      { what: 'another', expected: '1', measured: undefined, met: undefined },
    ];
  },
  findings: () => ['It is fast.'],
  originals: [{ title: 'Before', head: ['what'], rows: [['slow']] }],
};
