/**
 * Drives the compose stack for tests and measurements: its own project name and ports, so that a
 * stack that a person runs beside it is left alone.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

export interface StackOptions {
  readonly project: string;
  /** Ports on 127.0.0.1 for the published pages. */
  readonly ports: {
    readonly entry: number;
    readonly prometheus: number;
    readonly rabbitmq: number;
  };
  readonly environment?: Readonly<Record<string, string>>;
  /** Overlays that change the stack, from the repository's root: `infra/traefik/docker-compose.yml`. */
  readonly files?: readonly string[];
  /** Services that are not started, such as `grafana` where its image cannot be had. */
  readonly without?: readonly string[];
  /** Ends what is built or started at the moment; `down` goes through. */
  readonly signal?: AbortSignal;
}

/** The state of a container as `docker inspect` tells it. */
export interface ContainerState {
  readonly Status: string;
  readonly ExitCode: number;
  readonly OOMKilled: boolean;
}

/** How a further container differs from the stack's own. */
export interface BesideOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** A port on 127.0.0.1 for one of the container. */
  readonly publish?: { readonly host: number; readonly container: number };
}

/** A further container of a service. */
export interface Beside {
  /** The name by which containers of the same networks reach it. */
  readonly name: string;
  logs(): Promise<string>;
  remove(): Promise<void>;
}

export interface Stack {
  readonly project: string;
  readonly entry: string;
  readonly prometheus: string;
  /** RabbitMQ's management page and its API. */
  readonly rabbitmq: string;
  build(): Promise<void>;
  /** Starts everything and waits until all is healthy. */
  up(scale?: Readonly<Record<string, number>>): Promise<void>;
  /** Removes containers, networks and data. */
  down(): Promise<void>;
  /** The ids of a service's running containers. */
  containers(service: string): Promise<readonly string[]>;
  /** Runs a service's container once with other arguments, and gives what it prints. */
  run(service: string, ...args: readonly string[]): Promise<string>;
  /** Starts one more container of a service that takes no part in the stack, with its own settings. */
  beside(service: string, options: BesideOptions): Promise<Beside>;
  exec(service: string, ...command: readonly string[]): Promise<string>;
  logs(service: string): Promise<string>;
}

/** Runs docker; the error of a failed command carries what it printed. */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', [...args], { cwd: root, maxBuffer: 64 << 20 });
  return stdout.trim();
}

/** The containers that this repository builds, as docker-compose.yml lists them; needs no engine. */
export async function applications(): Promise<readonly string[]> {
  const { services } = JSON.parse(await docker('compose', 'config', '--format', 'json')) as {
    services: Readonly<Record<string, { build?: object }>>;
  };
  return Object.keys(services).filter((name) => services[name]?.build !== undefined);
}

export async function containerState(id: string): Promise<ContainerState> {
  return JSON.parse(await docker('inspect', '--format', '{{json .State}}', id)) as ContainerState;
}

/** Why the stack cannot run on this machine, or undefined when it can. */
export async function missingEngine(): Promise<string | undefined> {
  try {
    await docker('info', '--format', '{{.ServerVersion}}');
  } catch {
    return 'no Docker engine answers; install one and start it';
  }
  try {
    await docker('compose', 'version');
  } catch {
    return 'the engine has no Compose plugin; install Compose 2.24 or newer';
  }
  return undefined;
}

/** Whether the engine has, or can fetch, an image. */
export async function imageAvailable(image: string): Promise<boolean> {
  try {
    await docker('image', 'inspect', image);
    return true;
  } catch {
    return docker('pull', '--quiet', image).then(
      () => true,
      () => false,
    );
  }
}

/** The arguments of docker that name a project and the files it is made of. */
const composeOf = (project: string, files: readonly string[]): readonly string[] => [
  'compose',
  ...files.flatMap((file) => ['-f', file]),
  '-p',
  project,
];

/** Removes a project's containers, networks and volumes, whatever state an earlier run left it in. */
async function remove(project: string, files: readonly string[]): Promise<void> {
  const down = ['down', '--volumes', '--remove-orphans', '--timeout', '2'];
  for (let attempt = 1; ; attempt += 1) {
    try {
      await docker(...composeOf(project, files), ...down);
      return;
    } catch (error) {
      const label = `label=com.docker.compose.project=${project}`;
      const left = await docker('ps', '--all', '--quiet', '--filter', label);
      // Engines lose track of an endpoint now and then, and then keep its network until they restart.
      if (attempt >= 3 && left === '') return;
      if (attempt >= 3) throw error;
    }
  }
}

/** Removes the projects of earlier runs that were cut short; `prefix` begins their names. */
export async function removeLeftovers(prefix: string): Promise<void> {
  const projects = JSON.parse(await docker('compose', 'ls', '--all', '--format', 'json')) as {
    Name: string;
    ConfigFiles: string;
  }[];
  for (const { Name, ConfigFiles } of projects) {
    if (Name.startsWith(prefix)) await remove(Name, ConfigFiles.split(','));
  }
}

export function createStack(options: StackOptions): Stack {
  const { project, ports } = options;
  const env = {
    ...process.env,
    ENTRY_PORT: String(ports.entry),
    PROMETHEUS_PORT: String(ports.prometheus),
    RABBITMQ_PORT: String(ports.rabbitmq),
    ...options.environment,
  };

  const files = ['docker-compose.yml', ...(options.files ?? [])];

  async function compose(...args: readonly string[]): Promise<string> {
    const { stdout } = await run('docker', [...composeOf(project, files), ...args], {
      cwd: root,
      env,
      maxBuffer: 64 << 20,
      ...(options.signal && { signal: options.signal }),
    });
    return stdout.trim();
  }

  const absent = Object.fromEntries((options.without ?? []).map((service) => [service, 0]));

  return {
    project,
    entry: `http://127.0.0.1:${ports.entry}`,
    prometheus: `http://127.0.0.1:${ports.prometheus}`,
    rabbitmq: `http://127.0.0.1:${ports.rabbitmq}`,
    async build() {
      await compose('build', '--quiet');
    },
    async up(scale = {}) {
      const scales = Object.entries({ ...scale, ...absent }).flatMap(([service, replicas]) => [
        '--scale',
        `${service}=${replicas}`,
      ]);
      // `--no-recreate`: scaling leaves what runs alone.
      // `--pull never` where an image is known to be out of reach: compose would try in vain.
      const pull = options.without?.length ? ['--pull', 'never'] : [];
      await compose('up', '--detach', '--wait', '--no-recreate', ...pull, ...scales);
    },
    down: () => remove(project, files),
    async containers(service) {
      const output = await compose('ps', '--quiet', '--status', 'running', service);
      return output.split('\n').filter(Boolean);
    },
    run: (service, ...args) => compose('run', '--rm', '--no-deps', '-T', service, ...args),
    async beside(service, { environment = {}, publish }) {
      const name = `${project}-beside-${service}`;
      const settings = Object.entries(environment).flatMap(([key, value]) => [
        '--env',
        `${key}=${value}`,
      ]);
      const published = publish
        ? ['--publish', `127.0.0.1:${publish.host}:${publish.container}`]
        : [];
      const given = ['--detach', '--no-deps', '--name', name, ...settings, ...published];
      await compose('run', ...given, service);
      return {
        name,
        logs: () => docker('logs', name),
        remove: async () => void (await docker('rm', '--force', '--volumes', name)),
      };
    },
    exec: (service, ...command) => compose('exec', '-T', service, ...command),
    logs: (service) => compose('logs', '--no-color', service),
  };
}
