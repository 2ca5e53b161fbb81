import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A way to a server whose connections can die as those of a lost machine do: without a word. */
export interface DeadEnd {
  readonly url: string;
  /** Nothing passes any more on what is connected now; new connections are not touched. */
  die(): void;
  close(): Promise<void>;
}

export async function startDeadEnd(url: string): Promise<DeadEnd> {
  const { hostname, port } = new URL(url);
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    pairs.add([near, far]);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => {
        near.destroy();
        far.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const passage = new URL(url);
  passage.port = String((server.address() as AddressInfo).port);
  return {
    url: passage.href,
    die: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
      }
    },
    close: async () => {
      for (const socket of [...pairs].flat()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
