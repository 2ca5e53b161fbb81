import type { IncomingMessage } from 'node:http';

const unlimited = new WeakSet<IncomingMessage>();

/**
 * Lets the body of a request take longer than the server's limit, such as an upload of gigabytes.
 * Who calls it has to end a body that stops coming.
 */
export function withoutTimeLimit(request: IncomingMessage): void {
  unlimited.add(request);
}

export function hasTimeLimit(request: IncomingMessage): boolean {
  return !unlimited.has(request);
}
