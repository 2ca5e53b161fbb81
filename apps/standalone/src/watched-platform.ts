import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Platform } from './platform.ts';
import { watchSources } from './source-watch.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

const program = fileURLToPath(new URL('./serve.ts', import.meta.url));
const workspace = fileURLToPath(new URL('../../../', import.meta.url));
const stopPatienceMs = 8000;

/** What `serve.ts` is given, as JSON in the environment. */
export interface ServeSettings extends Settings {
  readonly postgresUrl: string;
}

/**
 * The platform in a child that is replaced whenever a source changes, while the database stays up.
 * Resolves when it is ready for the first time, which may take an edit.
 */
export async function startWatched(options: {
  readonly settings: ServeSettings;
  readonly terminal: Terminal;
  readonly resources: AsyncDisposableStack;
}): Promise<Platform> {
  const { settings, terminal, resources } = options;
  const first = Promise.withResolvers<Platform>();
  let child = startChild();
  let replacing = Promise.resolve();
  let ready = false;
  let ending = false;

  function startChild(): ChildProcess {
    const env = { ...process.env, WOODYTOYS_SERVE: JSON.stringify(settings) };
    const started = fork(program, { execArgv: process.execArgv, env });
    started.on('message', (platform) => {
      if (ready) terminal.tell(`ready  http://localhost:${(platform as Platform).port}`);
      ready = true;
      first.resolve(platform as Platform);
    });
    started.once('exit', (code) => {
      if (started === child && code !== 0) terminal.tell('waiting    for an edit that mends it');
    });
    return started;
  }

  async function replace(path: string): Promise<void> {
    terminal.tell(`restart    ${path} has changed`);
    const old = child;
    await stopChild(old);
    if (!ending) child = startChild();
  }

  const unwatch = watchSources(workspace, (path) => {
    replacing = replacing.then(() => replace(path));
  });
  resources.defer(async () => {
    ending = true;
    unwatch();
    await replacing;
    await stopChild(child);
  });
  return first.promise;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  // Ctrl-C reaches the child too: that it has gone already is what was wanted.
  if (child.connected) child.send('stop', () => {});
  const timer = setTimeout(() => child.kill('SIGKILL'), stopPatienceMs);
  await gone;
  clearTimeout(timer);
}
