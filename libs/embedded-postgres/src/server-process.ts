import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from './log.ts';
import type { Account } from './account.ts';
import { EmbeddedPostgresError } from './errors.ts';

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
}

/**
 * Starts the server; resolves once it takes connections.
 *
 * @throws EmbeddedPostgresError with the server's own last words.
 */
export function startServer(
  postgres: string,
  args: readonly string[],
  account: Account,
  log: Log,
): Promise<ServerProcess> {
  const line = account.commandLine(postgres, args);
  const child = spawn(line.command, line.args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A session of its own: Ctrl-C would end the database before the services have drained.
    detached: true,
    cwd: '/',
    // Nothing of this process's PG… variables may change the server.
    env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C' },
    ...line.options,
  });
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });

  return new Promise((resolve, reject) => {
    let lastWords = '';
    child.once('error', reject);
    createInterface({ input: child.stderr }).on('line', (text) => {
      const severity = /\b(LOG|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|STATEMENT): {2}(.*)/.exec(
        text,
      );
      if (severity?.[1] === 'FATAL' || severity?.[1] === 'PANIC') lastWords += `${severity[2]}; `;
      if (/could not bind/.test(text)) lastWords += `${severity?.[2]}; `;
      log.debug({ postgres: text }, 'database server');
      if (text.includes('database system is ready to accept connections')) {
        resolve({ pid: child.pid as number, exited });
      }
    });
    void exited.then(({ code, signal }) => {
      const why = lastWords.replace(/; $/, '') || `it ended with ${signal ?? `code ${code}`}`;
      const taken = /could not bind|could not create any TCP/.test(why);
      reject(
        new EmbeddedPostgresError(
          taken ? 'port-taken' : 'failed',
          `The embedded PostgreSQL did not start: ${why}.`,
        ),
      );
    });
  });
}
