/** The engine over a small server of its own, loaded by real k6. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/k6/ports.ts';
import { checkMachine } from '../../src/lab/checks.ts';
import type { Running, Step } from '../../src/lab/lab.ts';
import { programsConfiguration } from '../../src/lab/program.ts';
import { runCommand } from '../../src/lab/run-command.ts';
import { createScreen } from '../../src/lab/screen.ts';
import type { LabData } from '../../src/report/data.ts';
import { describeWithK6 } from '../support/with-k6.ts';
import { tinyLab } from '../support/tiny-lab.ts';

let reports: string;
let port: number;
beforeEach(async () => {
  reports = await mkdtemp(join(tmpdir(), 'woodytoys-engine-'));
  port = await freePort();
});
afterEach(() => rm(reports, { recursive: true }));

const told: string[] = [];
const screen = createScreen({ write: (text: string) => told.push(text) });
const options = {
  ...{ quick: false, standalone: false, keep: false, watch: false },
  ...{ only: [], merge: [], publish: false, compare: undefined, seconds: 5, runs: 1 },
};

interface RunOptions {
  readonly signal?: AbortSignal;
  readonly runs?: number;
}

function run(changes: Partial<Step> = {}, { signal, runs }: RunOptions = {}): Promise<string> {
  const command = { ...options, lab: tinyLab(port, changes), runs: runs ?? options.runs };
  return runCommand(command, {
    reports,
    results: join(reports, 'results'),
    screen,
    signal: signal ?? new AbortController().signal,
  });
}

const dataIn = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'data.json'), 'utf8')) as LabData;

const requestsOf = async ({ target }: Running) => Number(await (await fetch(target)).text());

/** Nothing listens any more, and neither a report nor a half one is there. */
async function nothingIsLeft(): Promise<void> {
  await checkMachine([{ ports: [port] }], reports);
  const left = await readdir(reports, { recursive: true });
  expect(left.filter((name) => name !== 'tiny')).toEqual([]);
}

describeWithK6('a lab', () => {
  it('loads what it starts, marks what happens meanwhile, and writes it down', async () => {
    const folder = await run({
      everySecond: true,
      events: [{ title: 'half of it', at: 0.5, act: async () => {} }],
      observe: async ({ elapsed }, loaded) => {
        const k6 = await loaded;
        return { values: { seen: k6?.requests ?? 0, after: elapsed() } };
      },
    });
    const { measurements, configurations } = await dataIn(folder);
    expect(measurements).toHaveLength(1);
    const [measured] = measurements;
    // 20 a second of each of two requests, for five seconds.
    expect(measured?.k6?.requests).toBeGreaterThanOrEqual(190);
    expect(measured?.k6?.failedRatio).toBe(0);
    expect(measured?.values.seen).toBe(measured?.k6?.requests);
    expect(measured?.values.after).toBeGreaterThanOrEqual(5);
    expect(measured?.values['cpu.machine']).toBeGreaterThan(0);
    expect(measured?.values['machine.fixedWorkMs']).toBeGreaterThan(0);
    expect(measured?.events).toMatchObject([{ title: 'half of it' }]);
    expect(measured?.events[0]?.seconds).toBeGreaterThanOrEqual(2.5);
    const requests = measured?.series.find(({ name }) => name === 'requests')?.points ?? [];
    const counted = requests.reduce((sum, [, count]) => sum + count, 0);
    expect(counted).toBeGreaterThanOrEqual(measured?.k6?.requests ?? Infinity);
    expect(configurations).toEqual({ tiny: { title: 'one server', settings: {} } });
    expect((await readdir(folder)).toSorted()).toEqual(['data.json', 'rate.svg', 'report.md']);
    expect(await readFile(join(folder, 'rate.svg'), 'utf8')).toContain('half of it');
    expect(told.join('')).toContain('1 of 1 · one server · 20/s of each');
    await checkMachine([{ ports: [port] }], reports);
  });

  it('sends a load to a target of its own, by the address where it is reached', async () => {
    const published = 'http://127.0.0.1:1';
    const [step] = tinyLab(port).steps({ quick: false, standalone: false });
    if (step === undefined) throw new Error('a tiny lab has one step');
    const { configuration, load } = step;
    const asked: string[] = [];
    const start: typeof configuration.start = async (context) => {
      const running = await configuration.start(context);
      const addressOf = (address: string) => {
        asked.push(address);
        return Promise.resolve(running.target);
      };
      return { ...running, target: 'http://127.0.0.1:2', addressOf };
    };
    const folder = await run({
      configuration: { ...configuration, start },
      load: { ...load, target: published },
    });
    const { measurements } = await dataIn(folder);
    expect(new Set(asked)).toEqual(new Set([published]));
    expect(measurements[0]?.k6).toMatchObject({ failedRatio: 0 });
    expect(measurements[0]?.k6?.requests).toBeGreaterThan(0);
  });

  it('warms up, longer the first time, and prepares before each measurement', async () => {
    const before: number[] = [];
    const after: number[] = [];
    const folder = await run(
      {
        prepare: async ({ running }) => void before.push(await requestsOf(running)),
        observe: async ({ running }, loaded) => {
          await loaded;
          after.push(await requestsOf(running));
          return { values: {} };
        },
      },
      { runs: 2 },
    );
    const { measurements } = await dataIn(folder);
    expect(measurements.map(({ warmUpSeconds }) => warmUpSeconds)).toEqual([2, 1]);
    // What asks is a request as well.
    const measured = measurements.map((_, run) => (after[run] ?? 0) - (before[run] ?? 0) - 1);
    for (const [run, { k6 }] of measurements.entries()) {
      // k6's own question for the limit may be among them; of the warm-up there is none.
      expect(measured[run]).toBeGreaterThanOrEqual(k6?.requests ?? Infinity);
      expect(measured[run]).toBeLessThan((k6?.requests ?? 0) + 5);
    }
    expect(before[0]).toBeGreaterThan(5);
    expect(before[1]).toBeGreaterThan((after[0] ?? 0) + 5);
  });

  it('leaves a step out that its lab no longer wants, and tells why', async () => {
    const folder = await run({ skip: () => 'it was enough' });
    const { measurements, skipped } = await dataIn(folder);
    expect(measurements).toEqual([]);
    expect(skipped).toMatchObject([{ load: '20/s of each', why: 'it was enough' }]);
  });

  it('interrupted in the middle of a load leaves nothing, and no report', async () => {
    const interrupted = new AbortController();
    const running = run(
      {
        events: [
          { title: 'enough', at: 0.3, act: async () => interrupted.abort(new Error('enough')) },
        ],
      },
      { signal: interrupted.signal },
    );
    await expect(running).rejects.toThrow('enough');
    await nothingIsLeft();
  });

  it.skipIf(process.platform !== 'linux')(
    'whose k6 dies says so in one line, and leaves nothing',
    async () => {
      const killed = run({ events: [{ title: 'k6 dies', at: 0.3, act: () => killK6Of(port) }] });
      await expect(killed).rejects.toThrow(/k6 ended by an error/);
      await nothingIsLeft();
    },
  );

  it('whose own reading fails ends its load as well', async () => {
    const failing = run({ observe: () => Promise.reject(new Error('cannot be read')) });
    await expect(failing).rejects.toThrow('cannot be read');
    await nothingIsLeft();
  });
});

describe('what does not come up', () => {
  it('is told with the last line of its log, and leaves nothing', async () => {
    const configuration = programsConfiguration({
      name: 'broken',
      title: 'broken',
      target: `http://127.0.0.1:${port}`,
      ports: [port],
      programs: [
        {
          name: 'broken program',
          command: [process.execPath, '-e', 'console.error("no such thing"); process.exit(3)'],
          readyUrl: `http://127.0.0.1:${port}/`,
        },
      ],
    });
    const load = { title: 'none', seconds: 1, probe: async () => ({ values: {} }) };
    await expect(run({ configuration, load })).rejects.toThrow(
      /broken program could not be started \(it ended: exit code 3\).*no such thing/,
    );
    await nothingIsLeft();
  });
});

describe('a probe of the lab', () => {
  it('stands in for k6', async () => {
    const probe = async () => ({
      values: { answers: 3 },
      series: [{ name: 'depth', unit: '', points: [[0, 1] as const] }],
    });
    const folder = await run({ load: { title: 'a probe', seconds: 1, probe } });
    const { measurements } = await dataIn(folder);
    expect(measurements).toMatchObject([{ load: 'a probe', values: { answers: 3 } }]);
    expect(measurements[0]).not.toHaveProperty('k6');
  });
});

/** Ends the k6 that loads a port, as the kernel does when memory is short. */
async function killK6Of(loaded: number): Promise<void> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const [program = ''] = line.split('\0');
    if (/k6$/.test(program) && line.includes(`TARGET=http://127.0.0.1:${loaded}\0`)) {
      process.kill(Number(entry), 'SIGKILL');
    }
  }
}
