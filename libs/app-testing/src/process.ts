import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@woodytoys/testing';

export type ProcessLine = { readonly level: string; readonly msg: string } & Record<
  string,
  unknown
>;

/** An app in a process of its own, as in a container. */
export interface StartedProcess {
  /** What it has logged. */
  readonly lines: readonly ProcessLine[];
  /** Its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  /**
   * Waits until it is ready.
   * @returns its public port.
   * @throws when it ends before, with its last lines.
   */
  ready(): Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/**
 * Runs a `main.ts` on free ports of 127.0.0.1.
 *
 * @param environment all that it gets beside PATH and where it listens.
 */
export function startMain(
  main: URL,
  environment: Readonly<Record<string, string>>,
): StartedProcess {
  const child = spawn(process.execPath, [fileURLToPath(main)], {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: '0',
      PRIVATE_PORT: '0',
      DRAIN_DELAY_MS: '50',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: ProcessLine[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as ProcessLine);
  });
  let ended = false;
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  void exited.then(() => (ended = true));

  return {
    lines,
    exited,
    ready: async () => {
      await waitFor(() => ended || lines.some(({ msg }) => msg === 'ready'), 60_000);
      const listening = lines.find(({ msg }) => msg === 'listening');
      if (!ended && listening !== undefined) return Number(listening['port']);
      throw new Error(`It ended before it was ready: ${JSON.stringify(lines.slice(-5))}`);
    },
    kill: (signal) => void child.kill(signal),
  };
}
