import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterDeath } from '@woodytoys/embedded-postgres';
import { freePort } from './ports.ts';
import type { ServerKind, StartedServer } from './server.ts';

/** Whether a program is on the PATH. */
export async function isOnPath(binary: string): Promise<boolean> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const found = await Promise.all(
    folders.map((folder) =>
      access(join(folder, binary), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Starts this machine's own binary on free ports, in a folder that goes with it. */
export async function startLocally(kind: ServerKind): Promise<StartedServer> {
  const directory = await mkdtemp(join(tmpdir(), `woodytoys-test-${kind.name}-`));
  await writeFile(join(directory, 'enabled_plugins'), '[rabbitmq_management].\n');
  const ports = await Promise.all(kind.containerPorts.map(() => freePort()));
  const [port = 0] = ports;
  const { args, env } = kind.local(ports, directory);
  const closing = new AbortController();
  let group = 0;
  let ended = Promise.resolve();
  let callOff = () => {};

  // The group and not the process: rabbitmq-server is a script whose child is the server.
  const signal = (name: NodeJS.Signals) => {
    // 0 would mean the group of this very process.
    if (group === 0) throw new Error(`${kind.binary} is stopped; start it first.`);
    process.kill(-group, name);
  };
  async function start(): Promise<void> {
    const child = spawn(kind.binary, args, {
      stdio: 'ignore',
      detached: true,
      cwd: directory,
      env: { ...process.env, ...env },
    });
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${kind.binary} ended with code ${code}.`)));
    });
    ended = failed.then(undefined, () => undefined);
    group = child.pid ?? 0;
    callOff = afterDeath('kill -KILL "-$1"; rm -rf "$2"', [`${group}`, directory]);
    await Promise.race([kind.ready(port, closing.signal), failed]);
  }
  async function stop(): Promise<void> {
    callOff();
    if (group === 0) return;
    signal('SIGKILL');
    group = 0;
    await ended;
  }
  async function close(): Promise<void> {
    closing.abort();
    await stop();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
  const ready = start();
  // Whoever waits for it sees the reason; without this, one that nobody waits for ends the process.
  ready.catch(() => {});

  return {
    url: kind.url(port),
    ports,
    ready,
    stop,
    start,
    pause: async () => signal('SIGSTOP'),
    resume: async () => signal('SIGCONT'),
    close,
  };
}
