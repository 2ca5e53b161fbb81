import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Lab } from '../lab/lab.ts';
import { drawChart } from './draw-chart.ts';
import type { LabData } from './data.ts';
import { reportText } from './markdown.ts';
import { createResults } from './results.ts';

export interface WriteOptions {
  readonly lab: Lab;
  readonly data: LabData;
  /** The folder that the report is to be; it must not exist. */
  readonly folder: string;
  readonly earlier?: LabData | undefined;
}

/** Writes report.md, its charts and data.json: all of them or, when anything fails, nothing. */
export async function writeReport({ lab, data, folder, earlier }: WriteOptions): Promise<void> {
  const titles = Object.fromEntries(
    Object.entries(data.configurations).map(([name, { title }]) => [name, title]),
  );
  const { quick, machine } = data;
  const results = createResults(data.measurements, { quick, titles, cores: machine.cores });
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const unfinished = await mkdtemp(join(parent, '.unfinished-'));
  try {
    const charts = lab
      .charts(results)
      .map((chart) => ({ file: `${chart.name}.svg`, title: chart.title, svg: drawChart(chart) }));
    for (const { file, svg } of charts) await writeFile(join(unfinished, file), svg);
    const text = reportText({ lab, data, results, charts, earlier });
    await writeFile(join(unfinished, 'report.md'), text);
    await writeFile(join(unfinished, 'data.json'), `${JSON.stringify(data, undefined, 1)}\n`);
    // Made for its owner alone; a report is for everybody.
    await chmod(unfinished, 0o755);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

/** The name of a report's folder: a time that sorts, and that every file system takes. */
export function folderName(at: Date): string {
  return at.toISOString().slice(0, 19).replaceAll(':', '-');
}
