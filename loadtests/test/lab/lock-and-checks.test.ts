import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/k6/ports.ts';
import { checkMachine } from '../../src/lab/checks.ts';
import { takeLock } from '../../src/lab/lock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'woodytoys-lock-'));
});
afterEach(() => rm(folder, { recursive: true }));
const path = () => join(folder, '.lab.lock');

describe('the lock', () => {
  it('lets one lab run, and tells the other which one does', async () => {
    const unlock = await takeLock(path(), 'first');
    await expect(takeLock(path(), 'second')).rejects.toThrow(/"first" runs already/);
    await unlock();
    const again = await takeLock(path(), 'second');
    await again();
  });

  it('of a process that is gone is taken over', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    await writeFile(path(), JSON.stringify({ pid: child.pid, lab: 'dead', startedAt: '' }));
    const unlock = await takeLock(path(), 'alive');
    expect(JSON.parse(await readFile(path(), 'utf8'))).toMatchObject({ lab: 'alive' });
    await unlock();
    await expect(readFile(path())).rejects.toThrow();
  });

  it('that cannot be read is taken over', async () => {
    await writeFile(path(), 'half');
    const unlock = await takeLock(path(), 'alive');
    await unlock();
  });
});

describe('what is looked at before a lab', () => {
  it('a port in use is told by its number, before anything starts', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      await expect(checkMachine([{ ports: [port] }], folder)).rejects.toThrow(
        new RegExp(`Port ${port} is in use`),
      );
    } finally {
      server.close();
    }
  });

  it('finds nothing wrong with free ports', async () => {
    await checkMachine([{ ports: [await freePort(), await freePort()] }], folder);
  });
});
