import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { findK6 } from '../k6/find-k6.ts';
import { runScenario } from '../k6/run-scenario.ts';
import { comparison } from '../report/compare.ts';
import { readData } from '../report/data.ts';
import type { LabData } from '../report/data.ts';
import { describeMachine } from '../report/machine.ts';
import { mergeData } from '../report/merge.ts';
import { publishReport } from '../report/publish.ts';
import { measuredSystem } from '../report/system.ts';
import { folderName, writeReport } from '../report/write-report.ts';
import { checkMachine } from './checks.ts';
import { labPorts } from './compose.ts';
import { runPlan } from './engine.ts';
import type { Measured } from './engine.ts';
import { LabError } from './failure.ts';
import { takeLock } from './lock.ts';
import type { LabCommand } from './options.ts';
import { planOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { durationText } from './screen.ts';
import type { Screen } from './screen.ts';

export interface CommandContext {
  /** Where each lab has a folder of reports. */
  readonly reports: string;
  /** Likewise of those that are committed. */
  readonly results: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/**
 * Runs a lab, or merges runs of it, and writes the report.
 *
 * @returns the report's folder.
 * @throws LabError with one line for its user; nothing runs then, and there is no report.
 */
export async function runCommand(command: LabCommand, context: CommandContext): Promise<string> {
  const { lab, compare, merge, publish, quick } = command;
  const { reports, results, screen } = context;
  if (publish && quick) throw notPublished();
  // Looked for first: it would be a pity to find out afterwards.
  const earlier = compare === undefined ? undefined : await readData(reports, lab.name, compare);
  const data =
    merge.length > 0
      ? mergeData(
          await Promise.all(merge.map((folder) => readData(reports, lab.name, folder))),
          commandText(command),
        )
      : await run(command, context);
  if (publish && data.quick) throw notPublished();
  const folder = join(reports, lab.name, folderName(new Date()));
  await writeReport({ lab, data, folder, earlier });
  if (earlier !== undefined) tellComparison(data, earlier, screen);
  screen.tell(`\nreport  ${join(folder, 'report.md')}`);
  if (publish) {
    await publishReport(folder, join(results, lab.name));
    screen.tell(`copied  ${join(results, lab.name)}`);
  }
  return folder;
}

async function run(command: LabCommand, context: CommandContext): Promise<LabData> {
  const { lab, keep, watch, quick, standalone } = command;
  const { reports, screen, signal } = context;
  const plan = planOf(lab, command);
  const unlock = await takeLock(join(reports, '.lab.lock'), lab.name);
  const scratch = await mkdtemp(join(tmpdir(), 'woodytoys-lab-'));
  try {
    await checkMachine(
      plan.groups.map(({ configuration }) => configuration.needs),
      reports,
    );
    if (needsK6(plan)) await findK6();
    signal.throwIfAborted();
    tellPlan(plan, command, screen);
    const [machine, system] = [await describeMachine(), await measuredSystem()];
    const startedAt = new Date();
    const measured = await runPlan({
      plan,
      screen,
      signal,
      scratch,
      runScenario,
      watched: watch,
      keep,
    });
    if (measured.kept !== undefined) tellKept(measured.kept, screen);
    return {
      version: 1,
      lab: lab.name,
      quick,
      standalone,
      startedAt: startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      command: commandText(command),
      ...system,
      machine,
      versions: measured.versions,
      configurations: configurationsOf(plan, measured),
      measurements: measured.measurements,
      skipped: measured.skipped,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await unlock();
  }
}

const notPublished = () =>
  new LabError('A quick run is not published, since its figures mean nothing: leave --quick out.', {
    exitCode: 2,
  });

const needsK6 = ({ groups }: Plan) =>
  groups.some(({ steps }) => steps.some(({ step }) => 'scenario' in step.load));

function configurationsOf({ groups }: Plan, { measurements }: Measured): LabData['configurations'] {
  const ran = new Set(measurements.map(({ configuration }) => configuration));
  return Object.fromEntries(
    groups
      .filter(({ configuration }) => ran.has(configuration.name))
      .map(({ configuration: { name, title, settings } }) => [name, { title, settings }]),
  );
}

function tellPlan(plan: Plan, { lab, quick, watch }: LabCommand, screen: Screen): void {
  screen.tell(`${lab.title}: ${lab.question}`);
  screen.tell(
    `${plan.measurements} measurements in ${plan.groups.length} configurations, ` +
      `${plan.atMost ? 'at most' : 'about'} ${durationText(plan.seconds)}${quick ? '; a quick run, whose figures mean nothing' : ''}. ` +
      'Ctrl-C ends it and takes everything down.',
  );
  if (watch) screen.tell(`Grafana: http://127.0.0.1:${labPorts.grafana}`);
}

function tellKept(target: string, screen: Screen): void {
  screen.tell(
    `It stays up at ${target}; take it down by: docker compose -p woodytoys-lab down --volumes`,
  );
}

function tellComparison(data: LabData, earlier: LabData, screen: Screen): void {
  const { title, head, rows } = comparison(data, earlier);
  screen.tell(`\n${title}`);
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    screen.tell(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** The command that was typed, as it can be typed again. */
function commandText(command: LabCommand): string {
  const { lab, quick, standalone, only, seconds, runs, merge } = command;
  const options = [
    quick && '--quick',
    standalone && '--standalone',
    only.length > 0 && `--only ${only.join(',')}`,
    seconds !== undefined && `--duration ${seconds}s`,
    runs !== undefined && `--runs ${runs}`,
    merge.length > 0 && `--merge ${merge.map(shown).join(',')}`,
  ].filter((option) => option !== false);
  return ['npm run lab --', lab.name, ...options].join(' ');
}

/** A folder without what is above this one, which is of no use to anybody else. */
function shown(folder: string): string {
  const path = relative('', resolve(folder));
  return path.startsWith('..') ? basename(path) : path;
}
