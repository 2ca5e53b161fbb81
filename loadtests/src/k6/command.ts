/** The command that runs a script, with k6 of this machine or in its container. */
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { K6_IMAGE, type K6 } from './find-k6.ts';

/**
 * k6 shares the cores with what it loads. With Go's own setting, 100, a fifth of its time goes to the
 * collection of garbage; memory there is enough.
 */
const GARBAGE_PERCENT = '400';

/**
 * With a thread for every core, Go's own setting, k6 spends a third of its time in waking threads and
 * in looking for work, and what it loads waits for a core. `GOMAXPROCS` in the environment goes before.
 */
function threads(allCores = false): string {
  const cores = availableParallelism();
  return process.env['GOMAXPROCS'] ?? String(allCores ? cores : Math.max(1, Math.floor(cores / 2)));
}

const scenariosFolder = fileURLToPath(new URL('../../scenarios/', import.meta.url));

export interface ScriptRun {
  /** File name in `scenarios/`, without `.ts`. */
  readonly script: string;
  /** Whether k6 has a thread for every core; for half of them unless given. */
  readonly allCores?: boolean | undefined;
  /** For k6's API on 127.0.0.1. */
  readonly apiPort: number;
  /** What the script reads from `__ENV`. */
  readonly environment: Readonly<Record<string, string>>;
  /** k6's own settings, all of which begin with `K6_`. */
  readonly settings: Readonly<Record<string, string>>;
  /** Client addresses that the requests come from, as `--local-ips` has them. */
  readonly localAddresses?: string | undefined;
  /** A port of k6's own that a browser asks for: the dashboard's. */
  readonly dashboardPort?: number | undefined;
  /** A file for each value that is measured, in a folder that exists. */
  readonly csv?: string | undefined;
  /** Names the container. */
  readonly name: string;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The name of the container that it starts, if it is one. */
  readonly container?: string;
}

/**
 * What stands in the environment as `K6_…` is left out: `K6_VUS` and its like replace the scenarios
 * of a script without a word.
 */
export function commandOf(k6: K6, run: ScriptRun, platform = process.platform): Command {
  const system = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('K6_')),
  );
  // A container shares the network of this machine only on Linux; elsewhere it has a name for it.
  const shared = k6.from === 'path' || platform === 'linux';
  const settings = {
    ...run.settings,
    GOGC: GARBAGE_PERCENT,
    GOMAXPROCS: threads(run.allCores),
    // Otherwise k6 may ask a service of its maker's for another k6.
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_WEB_DASHBOARD_HOST: shared ? '127.0.0.1' : '0.0.0.0',
  };
  const { apiPort, dashboardPort } = run;
  if (k6.from === 'path') {
    const args = k6Arguments(run, `127.0.0.1:${apiPort}`, `${scenariosFolder}${run.script}.ts`);
    return { file: 'k6', args, env: { ...system, ...settings } };
  }
  const published = [apiPort, ...(dashboardPort === undefined ? [] : [dashboardPort])];
  const network = shared
    ? ['--network', 'host']
    : published.flatMap((port) => ['--publish', `127.0.0.1:${port}:${port}`]);
  const api = `${shared ? '127.0.0.1' : '0.0.0.0'}:${apiPort}`;
  const reached = shared ? run : { ...run, environment: mapValues(run.environment, fromContainer) };
  const given = shared ? settings : mapValues(settings, fromContainer);
  return {
    file: 'docker',
    args: [
      ...['run', '--rm', '--init', '--name', run.name, ...network],
      ...['--volume', `${scenariosFolder}:/scenarios:ro`],
      ...csvFolder(run.csv),
      ...Object.entries(given).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      K6_IMAGE,
      ...k6Arguments(reached, api, `/scenarios/${run.script}.ts`),
    ],
    env: system,
    container: run.name,
  };
}

function k6Arguments(run: ScriptRun, api: string, script: string): string[] {
  return [
    ...['run', '--quiet', '--no-color', '--no-usage-report', '--include-system-env-vars=false'],
    ...['--address', api, '--log-format', 'raw'],
    ...('K6_PROMETHEUS_RW_SERVER_URL' in run.settings
      ? ['--out', 'experimental-prometheus-rw', '--tag', `testid=${run.script}`]
      : []),
    ...(run.csv === undefined ? [] : ['--out', `csv=${run.csv}`]),
    ...(run.localAddresses === undefined ? [] : ['--local-ips', run.localAddresses]),
    ...Object.entries(run.environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    script,
  ];
}

/** The folder under its own name, written to by who reads it. */
function csvFolder(csv: string | undefined): string[] {
  if (csv === undefined) return [];
  const user = process.getuid === undefined ? [] : ['--user', `${process.getuid()}`];
  return ['--volume', `${dirname(csv)}:${dirname(csv)}`, ...user];
}

/** This machine as a container sees it where the two do not share a network. */
function fromContainer(value: string): string {
  return value.replace(
    /^(https?:\/\/)(localhost|127\.0\.0\.1)(?=[:/]|$)/,
    '$1host.docker.internal',
  );
}

function mapValues(
  values: Readonly<Record<string, string>>,
  change: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}
