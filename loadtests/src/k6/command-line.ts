/** What `npm run load` is given, checked as a whole before anything is asked or started. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { scenarioNames, scenarios, type Scenario } from './catalogue.ts';
import { LoadError } from './failure.ts';
import { helpOf, readOption, variableOf, type OptionName } from './options.ts';
import { readOptions } from './run-options.ts';

/** A search, not a script of its own: runs of another scenario. */
export const BREAKPOINT = 'breakpoint';
/** The scenarios whose highest rate can be searched. */
export const MIXES = ['lab4', 'woodytoys', 'isolation'] as const;

export interface LoadRequest {
  readonly scenario: string;
  readonly target: string;
  /** Those of the scenario; of the mix, when it is a search. */
  readonly options: Readonly<Partial<Record<OptionName, string>>>;
  readonly mix?: string;
  readonly json?: string;
  readonly prometheus?: string;
  readonly dashboard: boolean;
  readonly keepLimit: boolean;
}

const FLAGS = {
  help: { type: 'boolean', short: 'h' },
  dashboard: { type: 'boolean' },
  'keep-limit': { type: 'boolean' },
  target: { type: 'string' },
  json: { type: 'string' },
  prometheus: { type: 'string' },
  mix: { type: 'string' },
} as const;

/** The options of all scenarios; which of them one takes is checked by its name. */
const OPTIONS = [
  ...new Set(Object.values(scenarios).flatMap(({ options }) => Object.keys(options))),
];

/**
 * @returns undefined when help is asked for.
 * @throws LoadError with exit code 2.
 */
export async function parseCommandLine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<LoadRequest | undefined> {
  const { values, positionals } = parse(args);
  const {
    help,
    target,
    json,
    prometheus,
    mix,
    dashboard,
    'keep-limit': keepLimit,
    ...given
  } = values;
  if (help === true) return undefined;
  const [scenario, ...more] = positionals;
  if (scenario === undefined) throw bad(`Which scenario? Known: ${known}.`);
  if (more.length > 0) throw bad(`One scenario at a time; "${more[0]}" is one too many.`);

  const searched = scenario === BREAKPOINT ? (mix ?? MIXES[0]) : undefined;
  if (searched === undefined && mix !== undefined) throw bad(`--mix is for ${BREAKPOINT}.`);
  if (searched !== undefined && !(MIXES as readonly string[]).includes(searched)) {
    throw bad(`--mix is one of ${MIXES.join(', ')}; "${searched}" is none.`);
  }
  const normally = searched === undefined ? {} : { rps: '20', duration: '20s' };
  if (searched === undefined && !(scenarioNames as readonly string[]).includes(scenario)) {
    throw bad(`There is no scenario "${scenario}". Known: ${known}.`);
  }
  const fromEnvironment = searched === undefined ? environmentOptions(scenario, environment) : {};
  const options = readOptions(searched ?? scenario, {
    ...normally,
    ...fromEnvironment,
    ...(given as Record<string, string>),
  });
  if (json !== undefined) await requireWritable(json);
  return {
    scenario,
    target: originOf('target', target ?? 'http://localhost:8080'),
    options,
    ...(searched === undefined ? {} : { mix: searched }),
    ...(json === undefined ? {} : { json: resolve(json) }),
    ...(prometheus === undefined ? {} : { prometheus: originOf('prometheus', prometheus) }),
    dashboard: dashboard ?? false,
    keepLimit: keepLimit ?? false,
  };
}

const known = [...scenarioNames, BREAKPOINT].join(', ');

export const HELP = [
  'npm run load -- SCENARIO [options]   loads the platform with k6 and tells what it bore',
  '',
  ...Object.entries(scenarios).map(([name, { title }]) => `  ${name.padEnd(11)}${title}`),
  `  ${BREAKPOINT.padEnd(11)}the highest rate that keeps the objectives; --mix ${MIXES.join('|')}`,
  '',
  ...Object.entries(scenarios).flatMap(([name, { options }]) => [
    ...Object.entries(options).map(([option, value]) => {
      const flag = `--${option} ${value}`;
      return `  ${name.padEnd(11)}${flag.padEnd(32)}${helpOf(option as OptionName)}`;
    }),
  ]),
  `  ${BREAKPOINT.padEnd(11)}${'--rps 20 --duration 20s'.padEnd(32)}the first rate, and how long each one is tried`,
  '',
  '  --target URL       what is loaded (http://localhost:8080)',
  '  --json FILE        writes the result there as well',
  '  --dashboard        k6’s own page while it runs, on http://localhost:5665',
  '  --prometheus URL   sends k6’s metrics there; a compose stack’s own Prometheus unless given',
  '  --keep-limit       leaves the limit per client as it is, to see it at work',
  '  --help             prints this',
  '',
  'fdj reads its options from the environment too: INITIAL_USERS, ADDITIONAL_USERS,',
  'ADDITIONAL_USERS_PER_SEC, STAGE_DURATION, MAX_USERS.',
].join('\n');

function parse(args: readonly string[]) {
  try {
    const options = Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' as const }]));
    return parseArgs({
      args: [...args],
      options: { ...options, ...FLAGS },
      allowPositionals: true,
    });
  } catch (cause) {
    const [reason = ''] = (cause as Error).message.split(/\.?(?: |\n)(?=To |Did )/);
    throw bad(`${reason.replace(/\.$/, '')}. npm run load -- --help lists all options.`);
  }
}

function environmentOptions(
  scenario: string,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const { options, fromEnvironment }: Scenario = scenarios[scenario as keyof typeof scenarios];
  if (fromEnvironment !== true) return {};
  const found: Record<string, string> = {};
  for (const option of Object.keys(options) as OptionName[]) {
    const value = environment[variableOf(option)];
    if (value !== undefined && value !== '') found[option] = readOption(option, value);
  }
  return found;
}

/** @throws LoadError */
function originOf(option: string, value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.pathname !== '/') {
    throw bad(`--${option} is an origin such as http://localhost:8080; "${value}" is none.`);
  }
  return url.origin;
}

/** Found out now, and not after minutes of load. */
async function requireWritable(file: string): Promise<void> {
  try {
    const there = await stat(file).catch(() => undefined);
    if (there?.isDirectory() === true) throw bad(`--json names a file; ${file} is a folder.`);
    await access(dirname(resolve(file)), constants.W_OK);
    if (there !== undefined) await access(file, constants.W_OK);
  } catch (cause) {
    if (cause instanceof LoadError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw bad(`${file} cannot be written (${code}). Name a file in a folder that exists.`);
  }
}

function bad(message: string): LoadError {
  return new LoadError(message, { exitCode: 2 });
}
