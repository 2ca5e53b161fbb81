import { fileURLToPath } from 'node:url';
import type { Lab, Step } from '../../src/lab/lab.ts';
import { programsConfiguration } from '../../src/lab/program.ts';

const server = fileURLToPath(new URL('tiny-server.ts', import.meta.url));

/** A lab of one configuration: a small server of its own, which real k6 loads. */
export function tinyLab(port: number, changes: Partial<Step> = {}): Lab {
  const configuration = programsConfiguration({
    name: 'tiny',
    title: 'one server',
    target: `http://127.0.0.1:${port}`,
    ports: [port],
    programs: [
      {
        name: 'tiny server',
        command: [process.execPath, server, String(port)],
        readyUrl: `http://127.0.0.1:${port}/`,
      },
    ],
  });
  const step: Step = {
    part: 'only',
    configuration,
    load: { title: '20/s of each', scenario: 'isolation', options: { rps: 20 }, warmUpSeconds: 1 },
    ...changes,
  };
  return {
    name: 'tiny',
    title: 'A tiny lab',
    question: 'Does the engine work?',
    standalone: false,
    seconds: 5,
    warmUpSeconds: 1,
    firstWarmUpSeconds: 2,
    runs: 1,
    parts: { only: 'all there is' },
    steps: () => [step],
    tables: (results) => [
      {
        title: 'Rates',
        head: ['what', 'requests/s'],
        rows: [
          ['one server', results.median({ part: 'only' }, (k6) => k6.requestsPerSecond).toFixed(0)],
        ],
      },
    ],
    charts: (results) => [
      {
        kind: 'lines',
        name: 'rate',
        title: 'Requests',
        x: { title: 'time', unit: 's' },
        y: { title: 'requests', unit: '1/s' },
        series: results
          .select({})
          .flatMap(({ series }) =>
            series
              .filter(({ name }) => name === 'requests')
              .map(({ points }) => ({ name: 'requests', points })),
          ),
        marks: results
          .select({})
          .flatMap(({ events }) => events.map(({ title, seconds }) => ({ title, x: seconds }))),
      },
    ],
    bars: () => [],
    findings: () => [],
    originals: [],
  };
}
