import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@woodytoys/testing/ports';
import { allCalls, asContracts } from '../operations.ts';
import { startProcess } from '../processes.ts';
import { usageOf } from '../usage.ts';
import { firstCalls } from './first-calls.ts';
import type { CallTimes } from './first-calls.ts';

/** What a gateway process with contracts was seen to need. */
export interface Seen {
  /** From the first look at a file until the table was in use. */
  readonly loadMs: number;
  /** When it was ready and had answered one request. */
  readonly before: State;
  /** When every operation was called. */
  readonly after: State;
  readonly first: CallTimes;
  readonly second: CallTimes;
}

export interface State {
  readonly validators: number;
  /** Bytes. */
  readonly rss: number;
}

/** The bundle of the image, and the source that it is made of. */
export const PROGRAMS = { bundle: 'dist/main.js', source: 'src/main.ts' } as const;

const gatewayFolder = fileURLToPath(new URL('../..', import.meta.url));
const backend = fileURLToPath(new URL('../backend.ts', import.meta.url));

/** Makes the bundle as the image is made. */
export async function makeBundle(): Promise<void> {
  const build = fileURLToPath(new URL('../../../../tools/src/build-app.ts', import.meta.url));
  await promisify(execFile)(process.execPath, [build, gatewayFolder]);
}

/** Starts the gateway's own process anew, calls every operation twice, and ends it. */
export async function watchGateway(
  program: keyof typeof PROGRAMS,
  format: 'json' | 'yaml',
): Promise<Seen> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-contracts-'));
  const [backendPort, port, privatePort] = [await freePort(), await freePort(), await freePort()];
  const backendUrl = `http://127.0.0.1:${backendPort}`;
  const files = asContracts(format)(backendUrl, 0);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const service = await startProcess([process.execPath, backend, String(backendPort)], {
    output: join(folder, 'backend.log'),
    url: backendUrl,
  });
  const log = join(folder, 'gateway.log');
  const gateway = await startProcess(
    [process.execPath, '--expose-gc', join(gatewayFolder, PROGRAMS[program])],
    {
      output: log,
      url: `http://127.0.0.1:${privatePort}/readyz`,
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        PRIVATE_PORT: String(privatePort),
        GATEWAY_CONFIG: join(folder, 'gateway.yaml'),
      },
    },
  );
  const state = async (): Promise<State> => ({
    validators: await compiled(privatePort),
    rss: (await usageOf(gateway.pid)).rss,
  });
  try {
    const calls = allCalls();
    await firstCalls(port, calls.slice(0, 1));
    const before = await state();
    const first = await firstCalls(port, calls);
    const second = await firstCalls(port, calls);
    return {
      loadMs: loadMs(await readFile(log, 'utf8')),
      before,
      after: await state(),
      first,
      second,
    };
  } finally {
    await gateway.stop();
    await service.stop();
    await rm(folder, { recursive: true });
  }
}

/** How many validators the gateway has compiled, as its private port tells. */
async function compiled(privatePort: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${privatePort}/gateway/contracts`);
  const { contracts } = (await response.json()) as { contracts: { validators: number }[] };
  return contracts.reduce((sum, { validators }) => sum + validators, 0);
}

function loadMs(log: string): number {
  for (const line of log.split('\n')) {
    if (!line.includes('route table in use')) continue;
    return (JSON.parse(line) as { durationMs: number }).durationMs;
  }
  return NaN;
}
