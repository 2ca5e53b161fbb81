/** The program behind `npm run load`, with k6 and a small server. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScenarioResult } from '../src/k6/result.ts';
import { childrenNamed } from './support/processes.ts';
import { runLoadProgram, startLoadProgram } from './support/load-program.ts';
import { startSmallServer, type SmallServer } from './support/small-server.ts';
import { describeWithK6 } from './support/with-k6.ts';

describeWithK6('npm run load', () => {
  let server: SmallServer;
  let folder: string;
  beforeAll(async () => {
    server = await startSmallServer({
      answers: { '/fast': { body: '{}' }, '/slow': { body: '{}', delayMs: 20 } },
      policy: '"default"; q=600; w=60',
    });
    folder = await mkdtemp(join(tmpdir(), 'woodytoys-load-'));
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const isolation = (...more: string[]) => ['isolation', '--target', server.origin, ...more];

  it('prints progress and a table, and writes the result as JSON', async () => {
    const file = join(folder, 'result.json');
    const load = isolation('--rps', '2', '--duration', '3s', '--json', file);
    const { exitCode, output } = await runLoadProgram(load);
    expect(output).toMatch(/^\d+ s of 3 s · \d+ req\/s · p95 [\d.]+ ms · 0 failed$/m);
    expect(output).toMatch(/^fast +\d+ +0 %( +[\d.]+){4}$/m);
    expect(output).toMatch(/^held +http_req_failed\{name:fast\} rate<=0\.001$/m);
    expect(output).toMatch(/^limit +600 per client in 60 s$/m);
    expect(exitCode).toBe(0);
    const result = JSON.parse(await readFile(file, 'utf8')) as ScenarioResult;
    expect(result).toMatchObject({ scenario: 'isolation', target: server.origin });
    expect(await readdir(folder)).toEqual(['result.json']);
  });

  it('exits with 1 when an objective broke, and says which', async () => {
    const load = isolation('--rps', '2', '--duration', '1s', '--fast', '/nowhere');
    const { exitCode, output } = await runLoadProgram(load);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^BROKEN +http_req_failed\{name:fast\}/m);
    expect(output).toMatch(/^ +failed +fast: 200: [1-9]/m);
  });

  it.runIf(process.platform === 'linux')(
    'comes from many addresses when one client would go over the limit',
    async () => {
      const load = isolation('--rps', '20', '--duration', '3s');
      const { exitCode, output } = await runLoadProgram(load);
      expect(output).toContain('kept, and the load comes from up to 16 client addresses');
      expect(exitCode).toBe(0);
      const many = [...server.clients].filter((address) => address.startsWith('127.64.0.'));
      expect(many.length).toBeGreaterThan(8);
    },
  );

  it('finds the highest rate that holds', async () => {
    const file = join(folder, 'breakpoint.json');
    const search = ['breakpoint', '--mix', 'isolation', '--target', server.origin];
    const load = [
      ...search,
      '--rps',
      '1',
      '--duration',
      '1s',
      '--fast',
      '/nowhere',
      '--keep-limit',
    ];
    const { exitCode, output } = await runLoadProgram([...load, '--json', file]);
    expect(exitCode).toBe(1);
    expect(output).toContain('no rate kept the objectives; at 1 broke: http_req_failed{name:fast}');
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      scenario: 'breakpoint',
      mix: 'isolation',
      steps: [
        { rps: 1, ok: false },
        { rps: 1, ok: false },
      ],
    });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends by %s with one line, no process and no result',
    async (signal) => {
      const file = join(folder, `${signal}.json`);
      const load = isolation('--rps', '2', '--duration', '60s', '--json', file);
      const { child, output, exitCode } = startLoadProgram(load);
      await expect.poll(output, { timeout: 30_000 }).toContain('req/s');
      const k6 = await childrenNamed('k6', process.pid);
      expect(k6).not.toEqual([]);
      child.kill(signal);
      expect(await exitCode).toBe(130);
      expect(output()).toMatch(/\nInterrupted: k6 has ended, and no result is written\.\n$/);
      expect(await childrenNamed('k6', process.pid)).toEqual([]);
      for (const id of k6) expect(() => process.kill(id, 0)).toThrow('ESRCH');
      expect(await readdir(folder)).not.toContain(`${signal}.json`);
    },
  );

  it('says in one line that k6’s page has no port, before k6 starts', async () => {
    const other = createServer().listen(5665, '127.0.0.1');
    // Somebody's own page may be there already, which is the case in question too.
    await new Promise((done) => other.once('listening', done).once('error', done));
    const { exitCode, output } = await runLoadProgram(isolation('--dashboard'));
    other.close();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^Port 5665 is in use.*--dashboard.*\n$/);
  });

  it.each([
    ['does not answer', 'http://127.0.0.1:1', /does not answer \(ECONNREFUSED\)/],
    ['takes no writes', undefined, /answers 404: this Prometheus takes no remote writes/],
  ])('says in one line that Prometheus %s', async (_, origin, message) => {
    const load = isolation('--prometheus', origin ?? server.origin);
    const { exitCode, output } = await runLoadProgram(load);
    expect(exitCode).toBe(1);
    expect(output).toMatch(message);
    expect(output.trimEnd()).not.toContain('\n');
  });

  it('says in one line that nothing answers, before k6 starts', async () => {
    const { exitCode, output } = await runLoadProgram(['smoke', '--target', 'http://127.0.0.1:1']);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^http:\/\/127\.0\.0\.1:1 does not answer \(ECONNREFUSED\).*\n$/);
  });
});

describe('npm run load without k6 and Docker', () => {
  it('says what to install', async () => {
    const { exitCode, output } = await runLoadProgram(['smoke'], { PATH: '/nowhere' });
    expect(exitCode).toBe(1);
    expect(output).toMatch(/^k6 is not on the PATH, and no Docker engine .*install-k6.*\n$/);
  });
});
