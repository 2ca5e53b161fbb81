import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterDeath } from '@woodytoys/embedded-postgres';
import { freePort } from './ports.ts';
import type { ServerKind, StartedServer } from './server.ts';

const run = promisify(execFile);

/** Why Docker cannot be used here, or `undefined` when its engine answers. */
export async function dockerMissing(): Promise<string | undefined> {
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'Docker is not installed' : "Docker's engine does not answer";
  }
}

/** Starts a container on free ports of 127.0.0.1; it is removed even when this process is killed. */
export async function startInDocker(kind: ServerKind): Promise<StartedServer> {
  const name = `woodytoys-test-${kind.name}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const ports = await Promise.all(kind.containerPorts.map(() => freePort()));
  const publish = ports.flatMap((port, index) => [
    '--publish',
    `127.0.0.1:${port}:${kind.containerPorts[index]}`,
  ]);
  // Removed by name and not by --rm: a container with --rm cannot be killed and brought back.
  const callOff = afterDeath('docker rm --force --volumes "$1"', [name]);
  const about = ['--detach', '--name', name, '--hostname', kind.name, ...publish];
  const [port = 0] = ports;
  const docker = (...args: string[]) => run('docker', args, { timeout: 180_000 });

  const closing = new AbortController();
  const running = docker('run', ...about, kind.image, ...kind.containerArguments);
  const ready = running.then(() => kind.ready(port, closing.signal));
  // Whoever waits for it sees the reason; without this, one that nobody waits for ends the process.
  ready.catch(() => {});

  return {
    url: kind.url(port),
    ports,
    ready,
    stop: async () => void (await docker('kill', name)),
    async start() {
      await docker('start', name);
      await kind.ready(port);
    },
    pause: async () => void (await docker('pause', name)),
    resume: async () => void (await docker('unpause', name)),
    async close() {
      closing.abort();
      // A container still being made could not be removed yet.
      await running.catch(() => {});
      await docker('rm', '--force', '--volumes', name);
      callOff();
    },
  };
}
