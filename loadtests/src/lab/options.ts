import { parseArgs } from 'node:util';
import { LabError } from './failure.ts';
import type { Lab } from './lab.ts';
import type { Wishes } from './plan.ts';

export interface LabCommand extends Wishes {
  readonly lab: Lab;
  /** A folder, or "latest". */
  readonly compare: string | undefined;
  /** Folders of runs whose parts are put into one report; nothing is run then. */
  readonly merge: readonly string[];
  /** Whether the report takes the place of the one that is committed. */
  readonly publish: boolean;
  readonly keep: boolean;
  readonly watch: boolean;
}

export const usage = (labs: readonly Lab[]) => `npm run lab -- NAME [options]

${labs.map(({ name, title }) => `  ${name.padEnd(12)} ${title}`).join('\n')}

  --quick           a short matrix, to see it work; its figures mean nothing
  --only PART,…     some parts alone (--list names them), or some configurations, or these of those
  --duration 60s    of each measurement
  --runs 3          repetitions of each measurement
  --compare DIR     puts the report beside an earlier one; "latest" is the newest
  --merge DIR,DIR   runs nothing: one report of parts that were run apart
  --publish         puts the report in docs/labs/results/NAME as well
  --standalone      without Docker, where the lab can
  --watch           Grafana runs as well, to look on
  --keep            leaves the last stack up
  --list            what the labs ask, and their parts
  --help            prints this

The report is reports/NAME/TIME/report.md.
`;

export function listText(labs: readonly Lab[]): string {
  return labs
    .map(({ name, question, parts }) => {
      const lines = Object.entries(parts).map(([part, what]) => `    ${part.padEnd(14)} ${what}`);
      return `${name}\n  ${question}\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

/**
 * Reads the command line.
 *
 * @returns the text that was asked for instead of a run.
 * @throws LabError with exit code 2 naming what is wrong.
 */
export function readCommand(args: readonly string[], labs: readonly Lab[]): LabCommand | string {
  const { values, positionals } = parse(args);
  if (values.help) return usage(labs);
  if (values.list) return listText(labs);
  const [name, ...others] = positionals;
  const known = labs.map((each) => each.name).join(', ');
  if (name === undefined) {
    throw new LabError(`Which lab? npm run lab -- NAME, with one of ${known}.`, { exitCode: 2 });
  }
  if (others.length > 0) {
    throw new LabError(`One lab at a time: expected ${name} alone, got ${positionals.join(' ')}.`, {
      exitCode: 2,
    });
  }
  const lab = labs.find((each) => each.name === name);
  if (lab === undefined) {
    throw new LabError(`There is no lab "${name}": there are ${known}.`, { exitCode: 2 });
  }
  if (values.standalone && !lab.standalone) {
    throw new LabError(`The lab "${name}" needs containers: leave --standalone out.`, {
      exitCode: 2,
    });
  }
  return {
    lab,
    quick: values.quick,
    standalone: values.standalone,
    keep: values.keep,
    watch: values.watch,
    only: listOf(values.only),
    merge: listOf(values.merge),
    publish: values.publish,
    compare: values.compare,
    seconds: values.duration === undefined ? undefined : secondsOf(values.duration),
    runs: values.runs === undefined ? undefined : runsOf(values.runs),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        duration: { type: 'string' },
        runs: { type: 'string' },
        compare: { type: 'string' },
        merge: { type: 'string' },
        publish: { type: 'boolean', default: false },
        standalone: { type: 'boolean', default: false },
        watch: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause);
    throw new LabError(`${message}. npm run lab -- --help lists the options.`, {
      exitCode: 2,
      cause,
    });
  }
}

const listOf = (text = '') => text.split(',').filter(Boolean);

function secondsOf(text: string): number {
  const [, number, unit] = /^(\d+)(s|m)?$/.exec(text) ?? [];
  const seconds = Number(number) * (unit === 'm' ? 60 : 1);
  if (seconds >= 5 && seconds <= 3600) return seconds;
  throw new LabError(`--duration is "${text}", expected 5s to 60m, such as 60s.`, { exitCode: 2 });
}

function runsOf(text: string): number {
  const runs = /^\d+$/.test(text) ? Number(text) : 0;
  if (runs >= 1 && runs <= 20) return runs;
  throw new LabError(`--runs is "${text}", expected 1 to 20.`, { exitCode: 2 });
}
