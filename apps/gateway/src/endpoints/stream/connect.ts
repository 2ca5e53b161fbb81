import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { upstreamUnavailable } from '../../problems.ts';
import type { Attempts } from '../../upstreams/attempts.ts';
import type { Replica } from '../../upstreams/replica.ts';
import { codeOf } from './context.ts';

/**
 * Connects to the replica whose turn it is, or to another when it takes no connection: no byte was
 * sent until then. The attempt that connected goes on.
 * @throws ProblemError 503 when none takes it before `timeoutMs` (rejection).
 */
export async function connectReplica(attempts: Attempts, timeoutMs: number): Promise<Socket> {
  const late = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  attempts.begin();
  for (;;) {
    try {
      return await connected(attempts.replica as Replica, late);
    } catch (error) {
      const code = codeOf(error as Error);
      attempts.observe(code);
      if (late.aborted || !attempts.afterUnsent(code)) {
        attempts.settle('failed');
        throw upstreamUnavailable(attempts.upstream.name, error);
      }
      attempts.beginNext();
    }
  }
}

async function connected({ address, tlsOptions }: Replica, signal: AbortSignal): Promise<Socket> {
  const { host, port } = address;
  const secure = tlsOptions !== undefined;
  const socket = secure ? connectTls({ host, port, ...tlsOptions }) : connect({ host, port });
  try {
    await once(socket, secure ? 'secureConnect' : 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
}
