import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { ConfigurationError, port, readConfig, text } from '@woodytoys/service';
import type { ConfigOf, ConfigShape, Environment } from '@woodytoys/service';

/** What every original reads beside its own variables. */
const addressConfig = {
  HOST: text('127.0.0.1').describe('The address that the port is bound to.'),
  PORT: port().describe('Where the original answers; 0 lets the system choose.'),
};

export interface OriginalOptions<Shape extends ConfigShape> {
  readonly name: string;
  /** `process.env`. */
  readonly environment: Environment;
  readonly config: Shape;
  readonly create: (config: ConfigOf<Shape>) => RequestListener | Promise<RequestListener>;
}

/**
 * Runs one of the programs from before: Node's plain server, nothing of this platform's shutdown,
 * probes or metrics. Prints where it listens; ends with 1 and a line that says why when it cannot.
 */
export async function serveOriginal<Shape extends ConfigShape>(
  options: OriginalOptions<Shape>,
): Promise<void> {
  const { name, environment } = options;
  try {
    const { HOST, PORT } = readConfig(addressConfig, environment);
    const server = createServer(await options.create(readConfig(options.config, environment)));
    // Longer than the idle time of the gateway's connections, or it would meet closed ones.
    server.keepAliveTimeout = 75_000;
    server.on('error', (error) => fail(name, error));
    server.listen(PORT, HOST, () => {
      const address = server.address();
      const bound = typeof address === 'object' ? address?.port : PORT;
      process.stdout.write(`${name} listens on http://${HOST}:${bound}\n`);
    });
  } catch (error) {
    fail(name, error);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
}

function fail(name: string, error: unknown): never {
  const known = error instanceof ConfigurationError || error instanceof Error;
  process.stderr.write(`${name}: ${known ? error.message : String(error)}\n`);
  process.exit(1);
}
