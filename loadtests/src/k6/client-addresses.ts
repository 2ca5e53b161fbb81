/** Many clients on one machine: every address of 127.0.0.0/8 is its own, on Linux. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isThisMachine } from './stack.ts';

/** Four times as many as are needed when all users ask alike, which they do about. */
const HEADROOM = 4;
/** As many as the users that k6 begins with at least. */
const MOST = 200;

/**
 * Addresses to send from so that none goes over the limit, as k6's `--local-ips` has them.
 *
 * @param requestsPerSecond of the load; undefined when nobody knows.
 * @param allowedPerSecond of one client.
 * @returns undefined where the target or the system has no such addresses, or too few of them.
 */
export async function clientAddresses(
  target: string,
  requestsPerSecond: number | undefined,
  allowedPerSecond: number,
): Promise<{ readonly range: string; readonly count: number } | undefined> {
  const wanted =
    requestsPerSecond === undefined
      ? MOST
      : Math.ceil((HEADROOM * requestsPerSecond) / allowedPerSecond);
  if (!isThisMachine(new URL(target).hostname) || wanted > MOST) return undefined;
  if (!(await mayUse('127.64.0.1'))) return undefined;
  return { range: `127.64.0.1-127.64.0.${wanted}`, count: wanted };
}

async function mayUse(address: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(0, address);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
