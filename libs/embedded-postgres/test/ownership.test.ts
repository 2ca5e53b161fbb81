import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { own } from '@woodytoys/embedded-postgres';
import { expect, test } from 'vitest';

test.runIf(process.platform === 'linux')(
  'an owner that was killed has gone, also while its parent has not taken note of it',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'woodytoys-owner-'));
    // The shell becomes a `sleep`, which never asks after the child that it has inherited.
    const parent = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      // A shell would take note of an end that came before it is one.
      await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
      process.kill(pid, 'SIGKILL');
      const statOf = () => readFileSync(`/proc/${pid}/stat`, 'utf8');
      await expect.poll(statOf).toMatch(/\) Z /);
      const began = statOf().split(') ')[1]?.split(' ')[19];
      writeFileSync(join(directory, 'owner'), `${pid} ${began}`);

      const disown = await own(directory);
      await disown();
    } finally {
      parent.kill('SIGKILL');
      rmSync(directory, { recursive: true });
    }
  },
);
