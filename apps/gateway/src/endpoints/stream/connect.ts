import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { upstreamUnavailable } from '../../problems.ts';
import type { Replica } from '../../upstreams/replica.ts';
import { MAX_ATTEMPTS, codeOf } from './context.ts';
import type { StreamContext } from './context.ts';

export interface ConnectedReplica {
  readonly replica: Replica;
  readonly socket: Socket;
  readonly attempts: number;
}

/**
 * Connects to the replica whose turn it is, or to another when it takes no connection: no byte was
 * sent until then.
 * @throws ProblemError 503 when none takes it before `timeoutMs` (rejection).
 */
export async function connectReplica(
  { upstream, observer }: StreamContext,
  timeoutMs: number,
): Promise<ConnectedReplica> {
  const tried = new Set<Replica>();
  const late = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  let cause: Error = new Error('no replica is known');
  while (tried.size < MAX_ATTEMPTS && !late.aborted) {
    const replica = upstream.pick(tried.size === 0 ? undefined : tried);
    if (replica === undefined) break;
    if (tried.size > 0) observer.retry(upstream.name, codeOf(cause));
    const startedAt = performance.now();
    try {
      const socket = await connected(replica, late);
      return { replica, socket, attempts: tried.size + 1 };
    } catch (error) {
      cause = error as Error;
      const seconds = (performance.now() - startedAt) / 1000;
      observer.attempt(upstream.name, replica.name, codeOf(cause), seconds);
      replica.putAside();
      tried.add(replica);
    }
  }
  throw upstreamUnavailable(upstream.name, cause);
}

async function connected({ address }: Replica, signal: AbortSignal): Promise<Socket> {
  const { host, port } = address;
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => {}).destroy();
    throw error;
  }
}
