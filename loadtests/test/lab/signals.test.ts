/** The command as a person runs it, and ends it: a process of its own with real signals. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../src/k6/ports.ts';
import { requirePort } from '../../src/lab/checks.ts';
import { describeWithK6 } from '../support/with-k6.ts';

const program = fileURLToPath(new URL('../support/tiny-main.ts', import.meta.url));

let reports: string;
let port: number;
beforeEach(async () => {
  reports = await mkdtemp(join(tmpdir(), 'woodytoys-signals-'));
  port = await freePort();
});
afterEach(() => rm(reports, { recursive: true }));

interface Started {
  readonly output: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<number | null>;
  /** Resolves when the output has this text. */
  said(text: string): Promise<void>;
}

function start(): Started {
  const child = spawn(process.execPath, [program, String(port), reports, '--runs', '9'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const hear = (text: Buffer) => (output += String(text));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => output,
    kill: (signal) => child.kill(signal),
    exited,
    async said(text) {
      while (!output.includes(text)) {
        const gone = await Promise.race([exited, once(child.stdout, 'data')]);
        if (!Array.isArray(gone)) throw new Error(`It ended without "${text}": ${output}`);
      }
    },
  };
}

describeWithK6('the command of labs', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ended by %s takes everything down, leaves nothing, and exits with 130',
    async (signal) => {
      const lab = start();
      await lab.said('1 of 9 · one server · 20/s of each\n');
      lab.kill(signal);
      expect(await lab.exited).toBe(130);
      expect(lab.output()).toContain('Interrupted; there is no report.');
      await requirePort(port);
      expect(await readdir(reports)).toEqual([]);
    },
  );

  it('is refused while another one runs, which goes on', async () => {
    const first = start();
    await first.said('1 of 9');
    const second = start();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain('The lab "tiny" runs already');
    await first.said('run 1: ');
    first.kill('SIGINT');
    expect(await first.exited).toBe(130);
  });
});
