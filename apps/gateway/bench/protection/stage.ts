import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@woodytoys/testing/ports';
import { startProcess } from '../processes.ts';
import type { Started } from '../processes.ts';
import { chooseCores } from '../programs.ts';
import type { Command } from '../programs.ts';
import type { ClientResult, ClientTask } from './client.ts';

const run = promisify(execFile);
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface StageOptions {
  /** The gateway's configuration. */
  configure(backendUrl: string): object;
  /** How many gateways; one unless given. */
  readonly gateways?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of the gateways' Node. */
  readonly nodeOptions?: readonly string[];
}

interface GatewayProcess {
  readonly pid: number;
  readonly port: number;
  /** The sum of a metric over its labels. */
  metric(name: string): Promise<number>;
}

/** A backend of known behaviour behind gateways, each a process of its own. */
export interface Stage {
  readonly gateway: GatewayProcess;
  readonly gateways: readonly GatewayProcess[];
  /** What the backend says of itself. */
  backendState(): Promise<{ connections: number; cachedAsked: number }>;
  /** Runs a program of this folder on the core of backend and load, and reads what it prints. */
  runBeside<Result>(file: string, task: object): Promise<Result>;
  load(task: Omit<ClientTask, 'port'>): Promise<ClientResult>;
}

/** Starts a stage for `play`, and ends all of it whatever comes. */
export async function onStage(
  options: StageOptions,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const { configure, gateways: count = 1, env = {}, nodeOptions = [] } = options;
  const folder = await mkdtemp(join(tmpdir(), 'gateway-bench-'));
  const cores = await chooseCores();
  const started: Started[] = [];
  const interrupted = new AbortController();
  // The default would end this process alone, and leave what it started.
  const interrupt = () => {
    interrupted.abort();
    for (const { pid } of started) process.kill(pid, 'SIGKILL');
    process.exit(1);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const backendPort = await freePort();
    const backendUrl = `http://127.0.0.1:${backendPort}`;
    const backend = await startProcess(
      cores.rest([process.execPath, here('backend.ts'), String(backendPort)]),
      { output: join(folder, 'backend.log'), url: `${backendUrl}/state` },
    );
    started.push(backend);
    const config = join(folder, 'gateway.json');
    await writeFile(config, JSON.stringify(configure(backendUrl)));
    const gateways: GatewayProcess[] = [];
    for (let index = 0; index < count; index += 1) {
      const [port, privatePort] = [await freePort(), await freePort()];
      const privateUrl = `http://127.0.0.1:${privatePort}`;
      const gateway = await startProcess(
        cores.candidate([process.execPath, ...nodeOptions, here('../../src/main.ts')]),
        {
          env: {
            ...env,
            HOST: '127.0.0.1',
            PORT: String(port),
            PRIVATE_PORT: String(privatePort),
            GATEWAY_CONFIG: config,
          },
          output: join(folder, `gateway-${index}.log`),
          url: `${privateUrl}/readyz`,
        },
      );
      started.unshift(gateway);
      gateways.push({ pid: gateway.pid, port, metric: (name) => metricOf(privateUrl, name) });
    }
    const runBeside = async <Result>(file: string, task: object) => {
      const command: Command = [process.execPath, here(file), JSON.stringify(task)];
      const [program, ...args] = cores.rest(command);
      const { stdout } = await run(program, args, { signal: interrupted.signal });
      return JSON.parse(stdout) as Result;
    };
    const gateway = gateways[0] as GatewayProcess;
    await play({
      gateway,
      gateways,
      runBeside,
      async backendState() {
        const response = await fetch(`${backendUrl}/state`, { headers: { connection: 'close' } });
        return (await response.json()) as { connections: number; cachedAsked: number };
      },
      load: (task) => runBeside('client.ts', { ...task, port: gateway.port }),
    });
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    for (const each of started) await each.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function metricOf(privateUrl: string, name: string): Promise<number> {
  const text = await (await fetch(`${privateUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return lines.reduce(
    (sum, line) => sum + Number(line.slice(line.lastIndexOf('}') + 2).split(' ')[0]),
    0,
  );
}
