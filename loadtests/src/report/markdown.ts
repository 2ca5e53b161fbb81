import type { Bar, Lab, Table } from '../lab/lab.ts';
import { comparison } from './compare.ts';
import type { LabData } from './data.ts';
import { machineSection, ranSection } from './conditions.ts';
import { fixedWorkOf, fixedWorkText } from './fixed-work.ts';
import type { Results } from './results.ts';

export interface ReportParts {
  readonly lab: Lab;
  readonly data: LabData;
  readonly results: Results;
  /** Names of the charts' files. */
  readonly charts: readonly { readonly file: string; readonly title: string }[];
  /** An earlier run that this one is put beside. */
  readonly earlier?: LabData | undefined;
}

/** The whole of report.md. */
export function reportText({ lab, data, results, charts, earlier }: ReportParts): string {
  const findings = lab.findings(results);
  return [
    `# ${lab.title}`,
    data.quick &&
      '> **A quick run.** Its matrix is short and each measurement lasts seconds: it shows that the lab works, and its figures mean nothing.',
    busyNote(data),
    speedNote(data),
    lab.question,
    ...(data.quick ? [] : section('The bars', barsTable(lab.bars(results)))),
    ...section('What it shows', findings.map((finding) => `- ${finding}`).join('\n')),
    ...section('Charts', charts.map(({ file, title }) => `![${title}](${file})`).join('\n\n')),
    ...section('Figures', lab.tables(results).map(tableText).join('\n\n')),
    ...section('What the original says', lab.originals.map(tableText).join('\n\n')),
    ...(earlier === undefined ? [] : section('Compared', tableText(comparison(data, earlier)))),
    ...section('What was run', ranSection(data)),
    ...section('Machine and versions', machineSection(data)),
    'The raw figures of every repetition are in [data.json](data.json).',
  ]
    .filter((part): part is string => typeof part === 'string' && part !== '')
    .join('\n\n')
    .concat('\n');
}

/** From this many processes a core on, others used the machine: figures are of them as well. */
const BUSY = 0.15;

function busyNote({ machine: { loadBefore, cores } }: LabData): string {
  if (loadBefore <= BUSY * cores) return '';
  return `> **The machine was busy** before the first measurement (load ${loadBefore.toFixed(1)} on ${cores} cores): others used it, and the figures are of them as well.`;
}

/** The slowest moment against the fastest, from which on figures of one run are no longer of one machine. */
const CHANGED = 1.3;

function speedNote({ measurements }: LabData): string {
  const fixedWork = fixedWorkOf(measurements);
  if (!(fixedWork.most > CHANGED * fixedWork.least)) return '';
  return `> **The machine's speed changed** while it was measured, as it does where others share it: before the measurements a fixed work on one core took ${fixedWorkText(fixedWork)}. The figures of the slow moments are in the medians; [data.json](data.json) has the speed before each of them.`;
}

/** Nothing at all where there is nothing to say. */
function section(title: string, text: string): readonly string[] {
  return text === '' ? [] : [`## ${title}`, text];
}

function barsTable(bars: readonly Bar[]): string {
  if (bars.length === 0) return '';
  return markdownTable(
    ['what', 'bar', 'measured', ''],
    bars.map(({ what, expected, measured, met }) => [
      what,
      expected,
      measured ?? 'not run',
      met === undefined ? '' : met ? '**met**' : '**missed**',
    ]),
  );
}

export function tableText({ title, head, rows, note }: Table): string {
  if (rows.length === 0) return '';
  const text = `### ${title}\n\n${markdownTable(head, rows)}`;
  return note === undefined ? text : `${text}\n\n${note}`;
}

export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
