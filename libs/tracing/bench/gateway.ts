import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../apps/gateway/src/main.ts', import.meta.url));

export interface RunningGateway {
  readonly url: string;
  /** Processor seconds that it has used so far, its spans' batches included. */
  cpuSeconds(): Promise<number>;
  close(): Promise<void>;
}

/** The gateway's own process with one bare route to `backend`. */
export async function startGateway(
  backend: string,
  environment: Readonly<Record<string, string>>,
): Promise<RunningGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'woodytoys-tracing-bench-'));
  const file = join(folder, 'gateway.json');
  const route = {
    path: '/items/{id}',
    methods: ['GET'],
    endpoint: { http: { upstream: 'items' } },
  };
  const config = { upstreams: { items: { discover: backend } }, routes: [route] };
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: '0',
      PRIVATE_PORT: '0',
      DRAIN_DELAY_MS: '0',
      GATEWAY_CONFIG: file,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((done) => child.once('exit', done));
  const { port, privatePort } = await new Promise<{ port: number; privatePort: number }>(
    (done, fail) => {
      void exited.then(() => fail(new Error('the gateway ended before it was ready')));
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('"msg":"listening"')) done(JSON.parse(line) as never);
      });
    },
  );
  return {
    url: `http://127.0.0.1:${port}`,
    async cpuSeconds() {
      const text = await (await fetch(`http://127.0.0.1:${privatePort}/metrics`)).text();
      const seconds = text.matchAll(/^process_cpu_seconds_total\{[^}]*\} (\S+)$/gm);
      return [...seconds].reduce((sum, [, value]) => sum + Number(value), 0);
    },
    async close() {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}
