import { createServer } from 'node:net';
import { StandaloneError, errorCode } from './failure.ts';

/** The address of everything that `npm start` opens. */
export const loopback = '127.0.0.1';

/**
 * Finds out at once what would otherwise show only after the database has started.
 *
 * @throws StandaloneError when the port cannot be had.
 */
export async function requirePort(port: number, variable: string): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((done, reject) => {
      server.once('error', reject);
      server.listen({ port, host: loopback, exclusive: true }, done);
    });
    await new Promise((done) => server.close(done));
  } catch (error) {
    throw portError(error, port, variable);
  }
}

/** The line for a port that cannot be had; other errors stay what they are. */
export function portError(cause: unknown, port: number, variable: string): unknown {
  const code = errorCode(cause);
  if (code === 'EADDRINUSE') {
    const other = port < 65_535 ? port + 1 : port - 1;
    return new StandaloneError(
      `Port ${port} is already in use. Stop what uses it, or choose another: ${variable}=${other} npm start`,
      { cause },
    );
  }
  if (code === 'EACCES') {
    return new StandaloneError(
      `Port ${port} may not be opened by this user. Choose one above 1023: ${variable}=8081 npm start`,
      { cause },
    );
  }
  return cause;
}
