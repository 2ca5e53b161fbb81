import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, startProcess } from '../processes.ts';
import { chooseCores } from '../programs.ts';
import type { ClientResult, ClientTask } from './client.ts';

const run = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** A backend of known capacity behind a gateway, each a process of its own. */
export interface Stage {
  readonly pid: number;
  readonly origin: string;
  readonly backendPort: number;
  load(task: Omit<ClientTask, 'origin'>): Promise<ClientResult>;
  stop(): Promise<void>;
}

export const say = (text: string) => process.stdout.write(`${text}\n`);
/** What else this machine does shows in the figures. */
export const sayLoad = () =>
  say(
    `load average ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  );

/** Starts both; `configure` gives the gateway's configuration. */
export async function startStage(configure: (backendUrl: string) => object): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-bench-'));
  const cores = await chooseCores();
  const [backendPort, port, privatePort] = [await freePort(), await freePort(), await freePort()];
  const backendUrl = `http://127.0.0.1:${backendPort}`;
  const config = join(folder, 'gateway.json');
  await writeFile(config, JSON.stringify(configure(backendUrl)));
  const backend = await startProcess(
    cores.rest([process.execPath, here('backend.ts'), String(backendPort)]),
    { output: join(folder, 'backend.log'), url: `${backendUrl}/wait/0` },
  );
  const gateway = await startProcess(
    cores.candidate([process.execPath, here('../../src/main.ts')]),
    {
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        PRIVATE_PORT: String(privatePort),
        GATEWAY_CONFIG: config,
        LOG_LEVEL: 'warn',
      },
      output: join(folder, 'gateway.log'),
      url: `http://127.0.0.1:${privatePort}/readyz`,
    },
  );
  const origin = `http://127.0.0.1:${port}`;
  return {
    pid: gateway.pid,
    origin,
    backendPort,
    async load(task) {
      const [command, ...args] = cores.rest([
        process.execPath,
        here('client.ts'),
        JSON.stringify({ ...task, origin }),
      ]);
      const { stdout } = await run(command, args);
      return JSON.parse(stdout) as ClientResult;
    },
    async stop() {
      await gateway.stop();
      await backend.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export function sayResult(label: string, byStatus: ClientResult[string] = {}): void {
  for (const [status, { perSecond, p50Ms, p99Ms, maxMs, count }] of Object.entries(byStatus)) {
    say(
      `  ${label.padEnd(22)} ${status.padEnd(5)} ${perSecond.toFixed(0).padStart(5)}/s (${count})  p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`,
    );
  }
}
