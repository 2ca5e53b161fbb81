import { composeConfiguration, labPorts } from '../lab/compose.ts';
import type { Bar, Configuration, Lab, LabOptions, Step, Table } from '../lab/lab.ts';
import type { Chart } from '../report/chart.ts';
import { numberText, percentText, withUnit } from '../report/numbers.ts';
import type { Results } from '../report/results.ts';
import type { Policy } from './edges/entry-load.ts';
import { faultLoad, titleOf, type Fault, type Times } from './edges/faults.ts';

const secondEntry = 18_481;
const first = `http://127.0.0.1:${labPorts.entry}`;
const second = `http://127.0.0.1:${secondEntry}`;

const alone: Configuration = composeConfiguration({
  name: 'one-of-each',
  title: 'one nginx before one gateway',
});
const doubled: Configuration = composeConfiguration({
  name: 'two-of-each',
  title: 'two nginx before two gateways',
  files: ['infra/edges/docker-compose.yml'],
  environment: { SECOND_ENTRY_PORT: String(secondEntry) },
  ports: [secondEntry],
  scale: { gateway: 2 },
});

const faults: readonly Fault[] = [
  { service: 'nginx', how: 'killed' },
  { service: 'nginx', how: 'stopped' },
  { service: 'gateway', how: 'killed' },
  { service: 'gateway', how: 'stopped' },
];
const policies: readonly Policy[] = ['first', 'turns', 'other'];

function steps({ quick }: LabOptions): readonly Step[] {
  const times: Times = quick
    ? { before: 2, away: 4, after: 6 }
    : { before: 5, away: 10, after: 15 };
  const step = (configuration: Configuration, fault: Fault, policy: Policy): Step => ({
    part: fault.service,
    configuration,
    load: faultLoad(fault, policy, configuration === alone ? [first] : [first, second], times),
  });
  return [
    ...faults.map((fault) => step(alone, fault, 'first')),
    ...faults.flatMap((fault) => policies.map((policy) => step(doubled, fault, policy))),
  ];
}

/** Every pair of what runs and what the client does, for one fault. */
const cases = (fault: Fault) => [
  { configuration: alone, policy: 'first' as const, load: titleOf(fault, 'first') },
  ...policies.map((policy) => ({ configuration: doubled, policy, load: titleOf(fault, policy) })),
];

const of = (configuration: Configuration, load: string) => ({
  configuration: configuration.name,
  load,
});

function tables(results: Results): readonly Table[] {
  return ['nginx', 'gateway'].flatMap((service) => {
    if (!results.ran(service)) return [];
    const rows = faults
      .filter((fault) => fault.service === service)
      .flatMap((fault) =>
        cases(fault).map(({ configuration, load }) => {
          const value = (name: string) => results.value(of(configuration, load), name);
          return [
            configuration.title,
            load,
            numberText(value('sent')),
            numberText(value('failed')),
            percentText(value('failedShare')),
            withUnit(value('failedSeconds'), 's'),
            withUnit(value('p99'), 'ms'),
          ];
        }),
      );
    return [
      {
        title: `One ${service} taken away, and brought back`,
        head: ['what runs', 'what happens', 'sent', 'failed', 'share', 'failing for', 'p99'],
        rows,
        note:
          '"Failing for" is from the fault to the last request that failed. What was taken away ' +
          'comes back after 10 s (4 s in a quick run), so an edge of one fails for about as long.',
      },
    ];
  });
}

function charts(results: Results): readonly Chart[] {
  const shown = faults.filter(({ service }) => results.ran(service));
  if (shown.length === 0) return [];
  return [
    {
      kind: 'bars',
      name: 'failed',
      title: 'Requests that failed',
      y: { title: 'failed', unit: '%' },
      groups: shown.map(({ service, how }) => `${service} ${how}`),
      series: [
        { name: alone.title, configuration: alone, policy: 'first' as const },
        ...policies.map((policy) => ({
          name: `two of each, ${titleOf({ service: 'nginx', how: 'killed' }, policy).split(', ')[1]}`,
          configuration: doubled,
          policy,
        })),
      ].map(({ name, configuration, policy }) => ({
        name,
        values: shown.map(
          (fault) => 100 * results.value(of(configuration, titleOf(fault, policy)), 'failedShare'),
        ),
      })),
    },
  ];
}

/** The share that may fail when one of two of anything goes and the client knows both entries. */
const MAY_FAIL = 0.001;

function bars(results: Results): readonly Bar[] {
  return faults.map((fault) => {
    const share = results.value(of(doubled, titleOf(fault, 'other')), 'failedShare');
    const known = !Number.isNaN(share);
    return {
      what: `One of two: ${titleOf(fault, 'other')}`,
      expected: `≤ ${percentText(MAY_FAIL)} of requests fail`,
      measured: known ? percentText(share) : undefined,
      met: known ? share <= MAY_FAIL : undefined,
    };
  });
}

function findings(results: Results): readonly string[] {
  return faults.flatMap((fault) => {
    const share = (configuration: Configuration, policy: Policy) =>
      results.value(of(configuration, titleOf(fault, policy)), 'failedShare');
    const shares = [share(alone, 'first'), ...policies.map((policy) => share(doubled, policy))];
    if (shares.some(Number.isNaN)) return [];
    const [single, one, turns, other] = shares.map(percentText);
    return [
      `${fault.service} ${fault.how}: ${single} of requests failed with one of each. With two of ` +
        `each it was ${one} for a client that knows one entry, ${turns} for one that takes turns, ` +
        `and ${other} for one that tries the other entry.`,
    ];
  });
}

export const edges: Lab = {
  name: 'edges',
  title: 'Two edges',
  question:
    'What fails, and for how long, when one nginx or one gateway goes, and what does a second of each change?',
  standalone: false,
  seconds: 30,
  warmUpSeconds: 5,
  runs: 3,
  parts: {
    nginx: 'One nginx is killed or stopped under load.',
    gateway: 'One gateway is killed or stopped under load.',
  },
  steps,
  tables,
  charts,
  bars,
  findings,
  originals: [],
};
