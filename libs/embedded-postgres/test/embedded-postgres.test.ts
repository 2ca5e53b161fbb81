import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/index.ts';
import { isAlive, waitForEnd } from '../src/process-table.ts';

const isRoot = process.getuid?.() === 0;
const log = { debug() {}, warn() {} };
let parent: string;
let directory: string;
let running: (EmbeddedPostgres | ChildProcess)[] = [];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'embedded-'));
  await chmod(parent, 0o755);
  directory = join(parent, 'data');
});
afterEach(async () => {
  await Promise.all(running.map((one) => ('stop' in one ? one.stop() : void one.kill('SIGKILL'))));
  running = [];
  // A server whose owner was killed needs a moment to end.
  await rm(parent, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
});

async function start(options = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ directory, log, ...options });
  running.push(server);
  return server;
}
type Report = { url: string; pid: number; code?: string; message?: string };

/** Starts a server in another process, for this one to kill. */
async function startElsewhere(kind = '', options = {}): Promise<Report & { owner: ChildProcess }> {
  const program = new URL('./fixtures/owner.ts', import.meta.url).pathname;
  const owner = spawn(process.execPath, [program, directory, kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  running.push(owner);
  const [line] = (await once(createInterface(owner.stdout as NodeJS.ReadableStream), 'line')) as [
    string,
  ];
  return { ...(JSON.parse(line) as Report), owner };
}
async function kill(process_: ChildProcess): Promise<void> {
  process_.kill('SIGKILL');
  await once(process_, 'exit');
}
async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const result = await client.query(sql);
    return result.rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
const readKept = (url: string) => ask(url, 'SELECT value FROM kept ORDER BY value');

it('keeps its data and password from one start to the next', async () => {
  const first = await start();
  await ask(first.url, 'CREATE TABLE kept (value integer); INSERT INTO kept VALUES (1)');
  await first.stop();
  expect(isAlive(first.pid)).toBe(false);
  expect(await first.exited).toEqual({ code: 0, signal: null });
  const second = await start();
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
  expect(await readKept(second.url)).toEqual([{ value: 1 }]);
});

it('keeps what was committed when owner and server are killed', async () => {
  const { url, pid, owner } = await startElsewhere();
  await ask(url, 'CREATE TABLE kept (value integer); INSERT INTO kept VALUES (1)');
  process.kill(pid, 'SIGKILL');
  await kill(owner);
  const next = await start();
  expect(await readKept(next.url)).toEqual([{ value: 1 }]);
});

it('takes over the server that a killed owner has left running', async () => {
  const { url, pid, owner } = await startElsewhere();
  await ask(url, 'CREATE TABLE kept (value integer); INSERT INTO kept VALUES (1)');
  await kill(owner);
  const next = await start();
  expect(next.pid).not.toBe(pid);
  expect(isAlive(pid)).toBe(false);
  expect(await readKept(next.url)).toEqual([{ value: 1 }]);
});

it('ends with its owner, even when that is killed', async () => {
  const { pid, owner } = await startElsewhere();
  await kill(owner);
  expect(await waitForEnd(pid, 10_000)).toBe(true);
});

it('leaves nothing of a temporary folder, also when its owner is killed', async () => {
  const mine = await start({ temporary: true });
  await mine.stop();
  await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });

  const { owner } = await startElsewhere('temporary');
  await kill(owner);
  for (let patience = 100; patience > 0; patience -= 1) {
    if ((await readdir(parent)).length === 0) return;
    await sleep(100);
  }
  expect(await readdir(parent)).toEqual([]);
});

it('tells when the server dies', async () => {
  const server = await start();
  process.kill(server.pid, 'SIGKILL');
  expect(await server.exited).toEqual({ code: null, signal: 'SIGKILL' });
  await server.stop();
  const again = await start();
  expect(await ask(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('refuses a folder that another process uses, and leaves that one alone', async () => {
  const { url, pid } = await startElsewhere();
  await expect(start()).rejects.toMatchObject({ code: 'in-use' });
  expect(isAlive(pid)).toBe(true);
  expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('lets one of several in that start at the same time on the folder of a killed owner', async () => {
  await mkdir(directory);
  await writeFile(join(directory, 'owner'), '999999 1');
  const all = await Promise.all([1, 2, 3, 4].map(() => startElsewhere()));
  expect(all.map(({ code }) => code ?? 'in').sort()).toEqual(['in', 'in-use', 'in-use', 'in-use']);
});

it('starts over a stale pid file whose number is now of another process', async () => {
  const first = await start();
  await first.stop();
  const bystander = spawn('sleep', ['60']);
  running.push(bystander);
  const pidFile = `${bystander.pid}\n${join(directory, 'cluster')}\n`;
  await writeFile(join(directory, 'cluster', 'postmaster.pid'), pidFile);
  await writeFile(join(directory, 'owner'), `${bystander.pid} 1`);
  const second = await start();
  expect(await ask(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(bystander.exitCode ?? bystander.signalCode).toBe(null);
});

it('begins anew after a start that was killed while the cluster was made', async () => {
  await mkdir(join(directory, 'cluster.new', 'base'), { recursive: true });
  await writeFile(join(directory, 'password'), 'of the start that was killed\n');
  const server = await start();
  expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('lets nobody in without the password, which only its user may read', async () => {
  const server = await start();
  const wrong = new URL(server.url);
  wrong.password = 'guessed';
  await expect(ask(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  expect((await stat(join(directory, 'password'))).mode & 0o777).toBe(0o600);
  expect((await readFile(join(directory, 'password'), 'utf8')).trim().length).toBeGreaterThan(30);
});

it('uses the port that was asked for, and says when it is taken', async () => {
  const blocker = createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as AddressInfo;
  await expect(start({ port })).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringContaining(`${port}`),
  });
  blocker.close();
  const server = await start({ port });
  expect(server.port).toBe(port);
  expect(new URL(server.url).port).toBe(`${port}`);
});

it('says that a folder cannot be written', async () => {
  await writeFile(join(parent, 'file'), '');
  directory = join(parent, 'file', 'data');
  await expect(start()).rejects.toMatchObject({
    code: 'unwritable',
    message: expect.stringContaining(directory),
  });
});

it('says that a folder belongs to another major version, and leaves it as it is', async () => {
  const first = await start();
  await first.stop();
  await writeFile(join(directory, 'cluster', 'PG_VERSION'), '17\n');
  await expect(start()).rejects.toMatchObject({
    code: 'version',
    message: expect.stringContaining('PostgreSQL 17'),
  });
  await writeFile(join(directory, 'cluster', 'PG_VERSION'), '18\n');
  expect((await start()).pid).toBeGreaterThan(0);
});

it('works in a folder with a long path and a space', async () => {
  directory = join(parent, 'a folder with spaces', 'x'.repeat(100), 'data');
  const server = await start();
  expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it('takes settings over its small defaults', async () => {
  const server = await start({ settings: { max_connections: 33 } });
  expect(await ask(server.url, 'SHOW max_connections')).toEqual([{ max_connections: '33' }]);
  expect(await ask(server.url, 'SHOW shared_buffers')).toEqual([{ shared_buffers: '32MB' }]);
});

it.skipIf(!isRoot)('works as root in a folder that only root may enter', async () => {
  await mkdir(join(parent, 'private'), { mode: 0o700 });
  directory = join(parent, 'private', 'data');
  const server = await start();
  expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

it.skipIf(!isRoot)('works as a normal user, and then as root on that user’s folder', async () => {
  await chmod(parent, 0o777);
  const nobody = { uid: 65_534, gid: 65_534 };
  const { url, owner } = await startElsewhere('', nobody);
  await ask(url, 'CREATE TABLE kept (value integer); INSERT INTO kept VALUES (1)');
  await kill(owner);
  const server = await start();
  expect(await readKept(server.url)).toEqual([{ value: 1 }]);
  await server.stop();
  const again = await startElsewhere('', nobody);
  expect(await readKept(again.url)).toEqual([{ value: 1 }]);
});
