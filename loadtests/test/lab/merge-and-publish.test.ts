/** The command over reports that are there: nothing is run. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCommand } from '../../src/lab/options.ts';
import { runCommand } from '../../src/lab/run-command.ts';
import { createScreen } from '../../src/lab/screen.ts';
import type { LabData } from '../../src/report/data.ts';
import { writeReport } from '../../src/report/write-report.ts';
import { labData, measurement, recordedLab } from '../support/recorded.ts';

let root: string;
let told: string[];
beforeEach(async () => {
  told = [];
  root = await mkdtemp(join(tmpdir(), 'woodytoys-publish-'));
  await write('a', labData({ system: 'same' }));
  const measurements = [measurement({ part: 'killed' })];
  await write('b', labData({ system: 'same', revision: 'later', measurements }));
});
afterEach(() => rm(root, { recursive: true }));

const at = (...names: readonly string[]) => join(root, ...names);
const write = (name: string, data: LabData) =>
  writeReport({ lab: recordedLab, data, folder: at('parts', name) });

async function lab(...args: readonly string[]): Promise<string> {
  const command = readCommand(['recorded', ...args], [recordedLab]);
  if (typeof command === 'string') throw new Error(command);
  const screen = createScreen({ write: (text: string) => told.push(text) });
  const { signal } = new AbortController();
  return runCommand(command, { reports: at('reports'), results: at('results'), screen, signal });
}

const published = () => at('results', 'recorded');
const dataIn = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'data.json'), 'utf8')) as LabData;

describe('a published report', () => {
  it('is a copy of the report, in a folder that says no time', async () => {
    const folder = await lab('--merge', at('parts', 'a'), '--publish');
    const names = ['data.json', 'rates.svg', 'report.md'];
    expect((await readdir(published())).toSorted()).toEqual(names);
    for (const name of names) {
      const original = await readFile(join(folder, name), 'utf8');
      expect(await readFile(join(published(), name), 'utf8')).toBe(original);
    }
    expect(await dataIn(published())).toEqual(labData({ system: 'same' }));
    expect(told.join('')).toContain(published());
  });

  it('takes the place of the one before, which a further part can be merged with', async () => {
    await lab('--merge', at('parts', 'a'), '--publish');
    await rm(at('reports'), { recursive: true });
    await lab('--merge', `${published()},${at('parts', 'b')}`, '--publish');
    const { measurements, sources, command } = await dataIn(published());
    expect(measurements.map(({ part }) => part)).toEqual(['first', 'killed']);
    expect(sources?.map(({ revision }) => revision)).toEqual(['0123456789ab', 'later']);
    // Where folders are on somebody's machine is nobody's business.
    expect(command).toBe('npm run lab -- recorded --merge recorded,b');
    expect(await readdir(at('results'))).toEqual(['recorded']);
  });

  it('can be compared with', async () => {
    await lab('--merge', at('parts', 'a'), '--publish');
    await rm(at('reports'), { recursive: true });
    const folder = await lab('--merge', at('parts', 'a'), '--compare', published());
    expect(await readFile(join(folder, 'report.md'), 'utf8')).toContain('Beside the run of');
  });

  it('is none unless asked for', async () => {
    await lab('--merge', at('parts', 'a'));
    await expect(readdir(at('results'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is never a quick one', async () => {
    await write('quick', labData({ quick: true }));
    const refused = { exitCode: 2, message: expect.stringContaining('quick run is not published') };
    await expect(lab('--merge', at('parts', 'quick'), '--publish')).rejects.toMatchObject(refused);
    await expect(lab('--quick', '--publish')).rejects.toMatchObject(refused);
    expect(await readdir(root)).toEqual(['parts']);
  });
});
