import { availableParallelism } from 'node:os';
import { describe, expect, it, vi } from 'vitest';
import { commandOf, type ScriptRun } from '../src/k6/command.ts';

const run: ScriptRun = {
  script: 'lab4',
  apiPort: 4_000,
  environment: { TARGET: 'http://localhost:8080', RPS: '30' },
  settings: { K6_PROMETHEUS_RW_SERVER_URL: 'http://127.0.0.1:9090/api/v1/write' },
  dashboardPort: 5665,
  name: 'woodytoys-k6-test',
};
const version = '1.8.1';

describe('the command that runs a script', () => {
  it('is k6 itself where it is on the PATH, without a word to its maker', () => {
    const { file, args, env, container } = commandOf({ version, from: 'path' }, run);
    expect([file, container]).toEqual(['k6', undefined]);
    expect(args).toContain('--no-usage-report');
    expect(args.join(' ')).toContain('--address 127.0.0.1:4000');
    expect(args.join(' ')).toContain('--env TARGET=http://localhost:8080 --env RPS=30');
    expect(args.at(-1)).toMatch(/\/scenarios\/lab4\.ts$/);
    expect(env).toMatchObject({ ...run.settings, K6_AUTO_EXTENSION_RESOLUTION: 'false' });
  });

  it('leaves half the cores to what is loaded, unless the scenario or the environment says otherwise', () => {
    const threads = (allCores?: boolean) =>
      commandOf({ version, from: 'path' }, { ...run, allCores }).env['GOMAXPROCS'];
    const cores = availableParallelism();
    vi.stubEnv('GOMAXPROCS', undefined);
    expect(threads()).toBe(String(Math.max(1, Math.floor(cores / 2))));
    expect(threads(true)).toBe(String(cores));
    vi.stubEnv('GOMAXPROCS', '3');
    expect([threads(), threads(true)]).toEqual(['3', '3']);
    vi.unstubAllEnvs();
  });

  it('is a container that shares the network of a Linux machine', () => {
    const { file, args, container } = commandOf({ version, from: 'container' }, run, 'linux');
    const line = args.join(' ');
    expect([file, container]).toEqual(['docker', run.name]);
    expect(line).toMatch(/--network host .*grafana\/k6:[\d.]+ run .*\/scenarios\/lab4\.ts$/);
    expect(line).toContain('--address 127.0.0.1:4000');
    expect(line).toContain('K6_WEB_DASHBOARD_HOST=127.0.0.1');
    expect(line).toContain('TARGET=http://localhost:8080');
  });

  it('is a container that knows the machine by a name elsewhere, and publishes on 127.0.0.1', () => {
    const { args } = commandOf({ version, from: 'container' }, run, 'darwin');
    const line = args.join(' ');
    expect(line).toContain('--publish 127.0.0.1:4000:4000 --publish 127.0.0.1:5665:5665');
    expect(line).toContain('--address 0.0.0.0:4000');
    expect(line).toContain('TARGET=http://host.docker.internal:8080');
    expect(line).toContain('RW_SERVER_URL=http://host.docker.internal:9090/api/v1/write');
    expect(line).not.toContain('--network host');
  });
});
