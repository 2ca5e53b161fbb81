/** The programs that labs put beside the platform, and its gateway as a process of its own. */
import { fileURLToPath } from 'node:url';
import type { ProgramOptions } from '../lab/program.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Seen from the repository's root. */
export const pathOf = (file: string): string => `${root}${file}`;

interface Placed {
  readonly port: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program of loadtests/originals. */
export function originalProgram(
  name: string,
  { port, environment, readyPath = '/' }: Placed & { readonly readyPath?: string },
): ProgramOptions {
  return {
    name: `${name}-${port}`,
    command: [process.execPath, pathOf(`loadtests/originals/${name}.ts`)],
    environment: { ...environment, NODE_ENV: 'production', PORT: String(port) },
    readyUrl: `http://127.0.0.1:${port}${readyPath}`,
  };
}

/** The gateway with a route file; its private port is the next one. */
export function gatewayProgram(routes: string, { port, environment }: Placed): ProgramOptions {
  return {
    name: `gateway-${port}`,
    command: [process.execPath, '--expose-gc', pathOf('apps/gateway/src/main.ts')],
    environment: {
      ...environment,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
      PRIVATE_PORT: String(port + 1),
      DRAIN_DELAY_MS: '0s',
      GATEWAY_CONFIG: pathOf(routes),
    },
    readyUrl: `http://127.0.0.1:${port + 1}/readyz`,
  };
}
