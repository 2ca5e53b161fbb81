import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { unusedPort } from './backend.ts';
import { temporaryFiles } from './gateway.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface GatewayProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly privateUrl: string;
  readonly configFile: string;
  readonly lines: () => readonly Record<string, unknown>[];
}

/** The gateway as a process of its own. */
export async function startProcess(
  yaml: string,
  environment: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const configFile = join(temporaryFiles({ 'gateway.yaml': yaml }), 'gateway.yaml');
  const [port, privatePort] = [await unusedPort(), await unusedPort()];
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: String(port),
      PRIVATE_PORT: String(privatePort),
      GATEWAY_CONFIG: configFile,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    privateUrl: `http://127.0.0.1:${privatePort}`,
    configFile,
    lines: () =>
      output
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
