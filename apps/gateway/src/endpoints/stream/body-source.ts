import type { ClientRequest } from 'node:http';
import { Readable, Stream } from 'node:stream';

/**
 * What the proxy pipes into its request. It waits for the connection: while there is none, nothing of
 * the body is taken, and another replica may get it whole.
 */
export class BodySource extends Stream {
  readonly #body: Buffer | Readable | null;

  constructor(body: Buffer | Readable | null) {
    super();
    this.#body = body;
  }

  override pipe<Destination extends NodeJS.WritableStream>(destination: Destination): Destination {
    const body = this.#body;
    if (!(body instanceof Readable)) {
      if (body === null) destination.end();
      else destination.end(body);
      return destination;
    }
    const { socket } = destination as unknown as ClientRequest;
    if (socket?.connecting) socket.once('connect', () => body.pipe(destination));
    else body.pipe(destination);
    return destination;
  }
}
