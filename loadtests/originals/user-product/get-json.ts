import { Agent, get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';

/**
 * `requests.get(url).json()`: whatever the status. Without `keepAlive` each call opens a connection,
 * asks for the address of its host, and closes it.
 *
 * @returns a function that rejects when there is no answer, or none in JSON.
 */
export function createGetJson({
  keepAlive,
}: {
  readonly keepAlive: boolean;
}): (url: string) => Promise<unknown> {
  const agent = keepAlive ? new Agent({ keepAlive: true }) : false;
  return async (url) => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { agent }, resolve).once('error', reject);
    });
    return json(answer);
  };
}
