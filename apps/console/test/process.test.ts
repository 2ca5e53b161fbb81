import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMain } from '@woodytoys/app-testing';
import type { StartedProcess } from '@woodytoys/app-testing';
import { waitFor } from '@woodytoys/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sendJson, startPlatform } from './support/console.ts';
import { openStream } from './support/events.ts';

const main = new URL('../src/main.ts', import.meta.url);
const nowhere = 'http://127.0.0.1:9';

async function start(environment: Readonly<Record<string, string>>): Promise<StartedProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'console-process-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Console</title>');
  const started = startMain(main, {
    PAGE_FOLDER: folder,
    PROMETHEUS_URL: nowhere,
    GATEWAY_PRIVATE: nowhere,
    ENTRY_URL: nowhere,
    ...environment,
  });
  onTestFinished(() => started.kill('SIGKILL'));
  return started;
}

describe('the process of the console', { timeout: 60_000 }, () => {
  it('serves the page when all that it watches is down, and says so', async () => {
    const port = await (await start({})).ready();
    const origin = `http://127.0.0.1:${port}`;
    expect((await fetch(`${origin}/console/`)).status).toBe(200);
    const stream = await openStream(origin);
    expect(await stream.next()).toMatchObject({ event: 'history', data: { times: [] } });
    const { source, services, errors, topology } = await stream.snapshot();
    expect(source).toMatchObject({ kind: 'prometheus', answers: false });
    expect(source.detail).toContain('127.0.0.1:9 does not answer');
    expect(services).toEqual([]);
    expect(errors).toEqual([]);
    // What stands where is declared, and needs nobody to answer.
    expect(topology.edges).toContainEqual(['nginx', 'gateway']);
    stream.close();
  });

  it('ends with code 0 at SIGTERM, with viewers and traffic', async () => {
    const platform = await startPlatform((_request, response) => sendJson(response, 200, {}));
    const started = await start({ ENTRY_URL: platform.url });
    const origin = `http://127.0.0.1:${await started.ready()}`;
    const stream = await openStream(origin);
    await fetch(`${origin}/console/api/traffic`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ mix: 'browse', rate: 100 }),
    });
    await waitFor(() => platform.requests.length > 10);
    started.kill('SIGTERM');
    expect(await started.exited).toBe(0);
    while ((await stream.next()) !== undefined);
  });

  it('does not start without its page, and says how it is built', async () => {
    const started = await start({ PAGE_FOLDER: '/nowhere' });
    expect(await started.exited).toBe(1);
    expect(JSON.stringify(started.lines)).toContain('npm run build -w @woodytoys/console');
  });

  it('does not start with an address that names no gateway', async () => {
    const started = await start({ GATEWAY_PRIVATE: 'gateway' });
    expect(await started.exited).toBe(1);
    expect(JSON.stringify(started.lines)).toContain('names no replicas');
  });
});
