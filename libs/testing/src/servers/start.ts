import { dockerMissing, startInDocker } from './docker.ts';
import { rabbit, redis } from './kinds.ts';
import { isOnPath, startLocally } from './local.ts';
import type { RestartableServer, ServerKind, StartedServer } from './server.ts';

/** A way to start a server on this machine, or why there is none. */
export async function findSource(
  kind: ServerKind,
): Promise<{ start: () => Promise<StartedServer> } | { missing: string }> {
  if (await isOnPath(kind.binary)) return { start: () => startLocally(kind) };
  const noDocker = await dockerMissing();
  if (noDocker === undefined) return { start: () => startInDocker(kind) };
  return { missing: `${kind.binary} is not on the PATH, and ${noDocker}` };
}

/** A Redis for one test alone, which it may kill and bring back. Close it at the end. */
export const startOwnRedis = (): Promise<RestartableServer> => startOwn(redis);

/** A RabbitMQ for one test alone, which it may kill and bring back. Close it at the end. */
export const startOwnRabbit = (): Promise<RestartableServer> => startOwn(rabbit);

async function startOwn(kind: ServerKind): Promise<RestartableServer> {
  const source = await findSource(kind);
  if ('missing' in source) throw new Error(`No ${kind.name} can be started: ${source.missing}.`);
  const server = await source.start();
  try {
    await server.ready;
    return server;
  } catch (error) {
    await server.close();
    throw error;
  }
}
