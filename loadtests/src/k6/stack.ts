/** The compose stack that answers at a target, found by the port that it publishes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** A container as `docker inspect` tells it, as far as it matters here. */
interface Container {
  readonly Config: {
    readonly Env: readonly string[];
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>;
  };
}

export interface RunningService {
  readonly replicas: number;
  readonly environment: Readonly<Record<string, string>>;
  /** What compose knows a service's settings by. */
  readonly configHash: string;
  /** Ports of this machine, by the container's own. */
  readonly ports: Readonly<Record<string, number>>;
}

export interface EntryStack {
  readonly project: string;
  readonly services: Readonly<Record<string, RunningService>>;
  /** Runs `docker compose` on the stack with the files that it was started from. */
  compose(
    environment: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<string>;
}

const LABEL = 'com.docker.compose';

/** @returns undefined when no compose stack on this machine publishes the target's port. */
export async function findStack(target: string): Promise<EntryStack | undefined> {
  const { hostname, port, protocol } = new URL(target);
  if (!isThisMachine(hostname)) return undefined;
  const published = Number(port || (protocol === 'https:' ? 443 : 80));
  const entries = await inspectAll('--filter', `publish=${published}`).catch(() => []);
  const labels = entries.find(({ Config }) => `${LABEL}.project` in (Config.Labels ?? {}))?.Config
    .Labels;
  if (labels === undefined) return undefined;

  const project = labels[`${LABEL}.project`] ?? '';
  const containers = await inspectAll('--filter', `label=${LABEL}.project=${project}`);
  const environmentFiles = listOf(labels[`${LABEL}.project.environment_file`]);
  const options = [
    ...['--project-name', project],
    ...['--project-directory', labels[`${LABEL}.project.working_dir`] ?? '.'],
    ...listOf(labels[`${LABEL}.project.config_files`]).flatMap((file) => ['--file', file]),
    ...environmentFiles.flatMap((file) => ['--env-file', file]),
  ];
  return {
    project,
    services: servicesOf(containers),
    compose: (environment, ...args) => docker(['compose', ...options, ...args], environment),
  };
}

export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

function servicesOf(containers: readonly Container[]): Record<string, RunningService> {
  const services: Record<string, RunningService> = {};
  for (const { Config, NetworkSettings } of containers) {
    const name = Config.Labels[`${LABEL}.service`] ?? '';
    const ports = Object.entries(NetworkSettings.Ports).flatMap(([inside, outside]) => {
      const port = Number(outside?.[0]?.HostPort);
      return port > 0 ? [[inside.split('/')[0] ?? '', port] as const] : [];
    });
    services[name] = {
      replicas: (services[name]?.replicas ?? 0) + 1,
      environment: Object.fromEntries(Config.Env.map(splitAtEquals)),
      configHash: Config.Labels[`${LABEL}.config-hash`] ?? '',
      ports: Object.fromEntries(ports),
    };
  }
  return services;
}

function splitAtEquals(variable: string): [string, string] {
  const at = variable.indexOf('=');
  return [variable.slice(0, at), variable.slice(at + 1)];
}

function listOf(label: string | undefined): readonly string[] {
  return (label ?? '').split(',').filter(Boolean);
}

/** The running containers that `docker ps` finds; none where there is no engine. */
async function inspectAll(...filter: readonly string[]): Promise<readonly Container[]> {
  const ids = (await docker(['ps', '--quiet', ...filter])).split('\n').filter(Boolean);
  return ids.length === 0 ? [] : (JSON.parse(await docker(['inspect', ...ids])) as Container[]);
}

/**
 * A group of its own: Ctrl-C in a terminal does not cut a change of the stack in two.
 *
 * @throws Error with what docker printed.
 */
async function docker(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = spawn('docker', args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const [output, errors, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  if (code === 0) return output.trim();
  throw new Error(errors.trim().split('\n').at(-1) ?? `docker ended with ${code}`);
}
