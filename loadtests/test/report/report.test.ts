import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { comparison } from '../../src/report/compare.ts';
import { readData } from '../../src/report/data.ts';
import { folderName, writeReport } from '../../src/report/write-report.ts';
import { labData, measurement, recordedLab, scenarioResult } from '../support/recorded.ts';

let reports: string;
beforeEach(async () => {
  reports = await mkdtemp(join(tmpdir(), 'woodytoys-reports-'));
});
afterEach(() => rm(reports, { recursive: true }));

const folder = () => join(reports, 'recorded', 'now');
const write = (data = labData(), earlier = undefined as ReturnType<typeof labData> | undefined) =>
  writeReport({ lab: recordedLab, data, folder: folder(), earlier });
const text = () => readFile(join(folder(), 'report.md'), 'utf8');

const repeated = (...rates: readonly number[]) =>
  rates.map((requestsPerSecond, index) =>
    measurement({ run: index + 1, k6: scenarioResult({ requestsPerSecond }) }),
  );

const withFixedWork = (...milliseconds: readonly number[]) =>
  labData({
    measurements: milliseconds.map((each) =>
      measurement({ values: { 'machine.fixedWorkMs': each } }),
    ),
  });

describe('a report', () => {
  it('has the question, what was run, the figures, the bars, the charts and the machine', async () => {
    await write();
    expect((await readdir(folder())).toSorted()).toEqual(['data.json', 'rates.svg', 'report.md']);
    const report = await text();
    expect(report).not.toContain('busy');
    for (const part of [
      '# A recorded lab',
      'What does a report look like?',
      '| rate | ≥ 80 | 90 | **met** |',
      '| latency | ≤ 1 ms | 10 ms | **missed** |',
      '| another | 1 | not run |  |',
      '- It is fast.',
      '![Rates](rates.svg)',
      '### Before',
      'CACHE=off',
      'limit per client: 100000000 in 60 s',
      'A processor, 2 cores',
      '| PostgreSQL | 18.1 |',
      '| k6 | 1.8.1 |',
      '| Docker Engine | 20.10 |',
      '0123456789ab',
      '| load before the first measurement | 0.10 |',
    ]) {
      expect(report).toContain(part);
    }
  });

  it('gives medians of the repetitions', async () => {
    await write(labData({ measurements: repeated(80, 300, 90) }));
    expect(await text()).toContain('| One \\| replica | 90 |');
  });

  it('tells a quick run from a real one, and holds it to no bar', async () => {
    await write(labData({ quick: true }));
    expect(await text()).toContain('A quick run');
    expect(await text()).not.toContain('missed');
    expect(await text()).not.toContain('**met**');
  });

  it('tells when others used the machine', async () => {
    const busy = labData({ machine: { ...labData().machine, loadBefore: 1.4 } });
    await write(busy);
    expect(await text()).toContain('The machine was busy** before the first measurement (load 1.4');
  });

  it('tells how fast the machine was', async () => {
    await write(withFixedWork(20, 24, 22));
    expect(await text()).not.toContain('speed changed');
    expect(await text()).toContain('before each measurement | 22 (20–24) ms |');
  });

  it('tells when the machine was not equally fast throughout', async () => {
    await write(withFixedWork(20, 40, 22));
    expect(await text()).toContain("machine's speed changed** while it was measured");
  });

  it('tells what was left out, and why', async () => {
    const skipped = { part: 'first', configuration: 'one', load: '900/s', run: 1, why: 'too much' };
    await write(labData({ skipped: [skipped] }));
    expect(await text()).toContain('- One | replica, 900/s: too much');
  });

  it('tells in one line what was left out for one reason', async () => {
    const skipped = (load: string) => ({
      ...{ part: 'first', configuration: 'one', load, run: 1, why: '300/s did not hold' },
    });
    await write(labData({ skipped: [skipped('350/s'), skipped('400/s')] }));
    expect(await text()).toContain('- One | replica, 350/s, 400/s: 300/s did not hold');
  });

  it('tells how long the load ran before it counted', async () => {
    const warmUps = [30, 10, 10].map((warmUpSeconds, index) =>
      measurement({ warmUpSeconds, startedAt: `2026-01-01T00:0${index}:00.000Z` }),
    );
    await write(labData({ measurements: warmUps }));
    expect(await text()).toContain('| 30, then 10 | 60 |');
    expect(await text()).toContain('The warm-up is the same load');
  });

  it('is whole or not there: a chart that cannot be drawn leaves nothing', async () => {
    const broken = {
      ...recordedLab,
      charts: () => {
        throw new Error('no chart');
      },
    };
    await expect(writeReport({ lab: broken, data: labData(), folder: folder() })).rejects.toThrow(
      'no chart',
    );
    expect(await readdir(join(reports, 'recorded'))).toEqual([]);
  });

  it('never overwrites another', async () => {
    await write();
    await expect(write(labData({ revision: 'another' }))).rejects.toThrow();
    expect(await text()).toContain('0123456789ab');
    expect(await readdir(join(reports, 'recorded'))).toEqual(['now']);
  });

  it('is in a folder that sorts by time', () => {
    expect(folderName(new Date('2026-03-04T05:06:07.890Z'))).toBe('2026-03-04T05-06-07');
  });
});

describe('an earlier run', () => {
  const earlier = labData({
    measurements: [...repeated(40, 50, 45), measurement({ load: 'gone' })],
    startedAt: '2025-01-01T00:00:00.000Z',
  });
  const now = labData({ measurements: [...repeated(90, 80, 100), measurement({ load: 'new' })] });

  it('stands beside this one as ratios of medians, for what both have', () => {
    const { rows } = comparison(now, earlier);
    expect(rows).toEqual([
      ['One | replica', '30/s', '45 → 90', '2.00', '10 → 10', '1.00', '0 % → 0 %'],
    ]);
  });

  it('is in the report', async () => {
    await write(now, earlier);
    expect(await text()).toContain('Beside the run of 2025-01-01T00:00:00.000Z');
  });

  it('of another machine says so', () => {
    const other = { ...earlier, machine: { ...earlier.machine, model: 'Another' } };
    expect(comparison(now, other).note).toContain('different machines');
    expect(comparison(now, earlier).note).not.toContain('different machines');
  });

  it('of the same machine at another speed says so', () => {
    expect(comparison(withFixedWork(40, 40), withFixedWork(20, 22)).note).toContain(
      'A fixed work on one core took 21 (20–22) ms, then 40 (40–40) ms.',
    );
    expect(comparison(now, earlier).note).not.toContain('A fixed work');
  });

  it('is read back from its folder; "latest" is the newest', async () => {
    for (const [name, revision] of [
      ['2026-01-01T00-00-00', 'old'],
      ['2026-02-01T00-00-00', 'new'],
    ] as const) {
      const at = join(reports, 'recorded', name);
      await writeReport({ lab: recordedLab, data: labData({ revision }), folder: at });
    }
    const old = join(reports, 'recorded', '2026-01-01T00-00-00');
    expect(await readData(reports, 'recorded', old)).toEqual(labData({ revision: 'old' }));
    expect((await readData(reports, 'recorded', 'latest')).revision).toBe('new');
  });

  it.each(['latest', '/nowhere'])('that is not there is told in one line (%s)', async (name) => {
    await expect(readData(reports, 'recorded', name)).rejects.toMatchObject({ exitCode: 2 });
  });

  it('of another lab is refused', async () => {
    await write(labData({ lab: 'other' }));
    await expect(readData(reports, 'recorded', folder())).rejects.toThrow(
      /a report of the lab "other", expected "recorded"/,
    );
  });
});
