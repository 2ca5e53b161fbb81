import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How long a request that is on its way when the server closes may take to arrive. */
const ARRIVAL_MS = 500;

/** The open connections of a server, with their requests in flight. */
export interface Connections {
  add(socket: Socket): void;
  /** Counts the request of `response` as in flight until its end. */
  begin(socket: Socket, response: ServerResponse): void;
  /** The response that was begun last on a connection that is open. */
  lastResponse(socket: Duplex): ServerResponse | undefined;
  /**
   * Ends each connection as soon as it has no request in flight. One that has not had a request
   * yet, or of which more has come since, has a moment left for the request to arrive.
   */
  closeWhenIdle(): void;
}

interface State {
  inFlight: number;
  /** How much had come over the connection when its last answer ended. */
  bytesAtRest: number | undefined;
  last: ServerResponse | undefined;
}

/** Node's own list of idle connections leaves out those that are silent from the start. */
export function createConnections(): Connections {
  const states = new Map<Socket, State>();
  let closing = false;

  function closeIdle(arriving: (socket: Socket, state: State) => boolean): void {
    for (const [socket, state] of states) {
      if (state.inFlight === 0 && !arriving(socket, state)) socket.destroySoon();
    }
  }

  return {
    add(socket) {
      states.set(socket, { inFlight: 0, bytesAtRest: undefined, last: undefined });
      socket.once('close', () => states.delete(socket));
    },
    begin(socket, response) {
      const state = states.get(socket);
      if (state === undefined) return;
      state.last = response;
      state.inFlight += 1;
      response.on('close', () => {
        state.inFlight -= 1;
        if (state.inFlight > 0) return;
        state.bytesAtRest = socket.bytesRead;
        if (closing) socket.destroySoon();
      });
    },
    lastResponse: (socket) => states.get(socket as Socket)?.last,
    closeWhenIdle() {
      closing = true;
      closeIdle((socket, { bytesAtRest }) => socket.bytesRead !== bytesAtRest);
      setTimeout(() => closeIdle(() => false), ARRIVAL_MS).unref();
    },
  };
}
