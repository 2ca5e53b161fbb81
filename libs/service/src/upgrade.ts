import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Takes a request for WebSocket. Written to, `response` is a plain HTTP answer, after which the
 * connection ends; whoever takes the connection over writes to its socket instead.
 * `head` is what came after the request.
 */
export type UpgradeListener = (
  request: IncomingMessage,
  response: ServerResponse,
  head: Buffer,
) => void;

/** How long a client may keep the connection open that was refused an upgrade. */
const LINGER_MS = 1_000;

/**
 * Whether a request is one for WebSocket (RFC 6455 4.1). With a body it is none: where the body ends
 * and the other protocol begins is what hops disagree about.
 */
export function isWebSocketRequest({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}

/** The response that Node gives no request for an upgrade. */
export function upgradeResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => {
    response.detachSocket(socket);
    // What still comes is read, so that no reset overtakes the answer.
    socket.resume().end();
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(linger));
    response.emit('close');
  });
  return response;
}
