import { setMaxListeners } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Which server's end a connection shares; filled by `listen`. */
const signals = new WeakMap<Socket, AbortSignal>();

const never = new AbortController().signal;

/** A signal that any number of streams may wait for. */
export function createClosingController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

export function bindClosingSignal(socket: Socket, signal: AbortSignal): void {
  signals.set(socket, signal);
}

/**
 * Aborted when the server that took the request begins to close: streams without end have to end
 * then, or the process would wait for them until its limit.
 */
export function closingSignalOf(request: IncomingMessage): AbortSignal {
  return signals.get(request.socket) ?? never;
}
