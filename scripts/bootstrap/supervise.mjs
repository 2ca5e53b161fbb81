import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BootstrapError, platformNode, workspaceRoot } from './workspace.mjs';

const programs = join(workspaceRoot, 'apps', 'standalone', 'src');
/** The heap is kept small: everything under `npm start` is to fit into 400 MB. */
const nodeFlags = ['--max-semi-space-size=8', '--max-old-space-size=256'];
/** The exit codes that the child uses itself; it has stopped PostgreSQL by then. */
const ORDERLY_EXIT_CODES = [0, 1, 2];
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PARENT_POLL_MS = 500;
const POSTGRES_PATIENCE_MS = 10_000;

/**
 * Runs a program of apps/standalone in a child on Node 24 and stays beside it, so that neither
 * outlives the other: a child that was killed leaves a PostgreSQL whose end is awaited here, and a
 * parent that was killed shows to the child as a closed channel.
 *
 * @param {string} program a file in apps/standalone/src
 * @param {readonly string[]} args passed on
 * @returns {Promise<number>} the exit code
 */
export function supervise(program, args) {
  const child = spawn(platformNode, [...nodeFlags, join(programs, program), ...args], {
    cwd: workspaceRoot,
    env: { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  let stopping = false;
  const stop = () => {
    stopping = true;
    // Not the signal again: Ctrl-C reaches the whole group, and the child would count it twice.
    if (child.connected) child.send('stop');
  };
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const parentWatch = watchParent(stop);
  let postgresPid;
  child.on('message', (message) => (postgresPid = message.postgresPid));

  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new BootstrapError(`${platformNode} could not be run: ${error.message}`)),
    );
    child.once('exit', async (code, signal) => {
      clearInterval(parentWatch);
      if (ORDERLY_EXIT_CODES.includes(code)) return resolve(code);
      if (postgresPid !== undefined) await endOf(postgresPid);
      // A signal before the child had its handlers; the data commands have none.
      if (stopping && STOP_SIGNALS.includes(signal))
        return resolve(program === 'main.ts' ? 0 : 130);
      const end = signal === null ? `with exit code ${code}` : `by ${signal}`;
      reject(
        new BootstrapError(
          `The platform's process was ended unexpectedly (${end}). Nothing of it is left running ` +
            'and the data are kept; npm start goes on from there.',
        ),
      );
    });
  });
}

/** npm does not pass on every end of its own (`kill -9`); our parent changes then. */
function watchParent(onGone) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) onGone();
  }, PARENT_POLL_MS);
  timer.unref();
  return timer;
}

/** Waits for a PostgreSQL whose owner is gone; its watchdog ends it, and we do if that was killed too. */
async function endOf(pid) {
  for (const [signal, patienceMs] of [
    [0, POSTGRES_PATIENCE_MS / 2],
    ['SIGINT', POSTGRES_PATIENCE_MS],
    ['SIGKILL', 1000],
  ]) {
    const deadline = Date.now() + patienceMs;
    send(pid, signal);
    while (Date.now() < deadline) {
      if (!runs(pid)) return;
      await sleep(50);
    }
  }
}

function runs(pid) {
  if (!send(pid, 0)) return false;
  try {
    // Where nobody takes note of an orphan's end (a container without init), it stays as a zombie.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

function send(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}
