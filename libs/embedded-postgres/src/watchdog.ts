import { spawn } from 'node:child_process';

/**
 * Runs a shell script once this process has gone, even by `kill -9`: a shell waits at a pipe that
 * only this process holds open. `$1`, `$2`, … are `args`.
 *
 * @returns calls it off.
 */
export function afterDeath(script: string, args: readonly string[]): () => void {
  const shell = spawn('/bin/sh', ['-c', `read -r _; ${script}`, 'watchdog', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A session of its own: Ctrl-C in the terminal must not reach it.
    detached: true,
    cwd: '/',
  });
  shell.unref();
  const pipe = shell.stdin as typeof shell.stdin & { unref?: () => void };
  pipe.unref?.();
  // Without a shell the server is merely left for the next start to take over.
  shell.on('error', () => {});
  pipe.on('error', () => {});
  return () => {
    shell.kill('SIGKILL');
  };
}
