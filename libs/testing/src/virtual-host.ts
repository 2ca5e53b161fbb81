import { randomBytes } from 'node:crypto';
import { find, given } from './environment.ts';

export interface TestVirtualHost {
  /** An AMQP url whose path is the virtual host. */
  readonly url: string;
  readonly name: string;
  /** Removes it with all its queues, and ends its connections. */
  drop(): Promise<void>;
}

/** A virtual host for one test file, made through RabbitMQ's management API. */
export async function createTestVirtualHost(): Promise<TestVirtualHost> {
  const name = `test-${randomBytes(8).toString('hex')}`;
  const url = new URL(given('amqpUrl'));
  url.pathname = `/${name}`;
  const user = decodeURIComponent(url.username || 'guest');
  await manage('PUT', `/api/vhosts/${name}`, {});
  await manage('PUT', `/api/permissions/${name}/${encodeURIComponent(user)}`, {
    configure: '.*',
    write: '.*',
    read: '.*',
  });
  return { url: url.href, name, drop: () => manage('DELETE', `/api/vhosts/${name}`) };
}

async function manage(method: string, path: string, body?: object): Promise<void> {
  const base = managementUrl();
  const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      const response = await fetch(`${base.protocol}//${base.host}${path}`, {
        method,
        headers: {
          authorization: `Basic ${btoa(credentials)}`,
          'content-type': 'application/json',
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      if (response.ok) return;
      throw new Error(`it answered ${response.status} ${await response.text()}`);
    } catch (cause) {
      // The management plugin starts a moment after the broker.
      if (Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        continue;
      }
      throw new Error(
        `RabbitMQ's management API at ${base.host} did not do ${method} ${path}. Set ` +
          'WT_TEST_RABBIT_MANAGEMENT_URL to one whose user may make virtual hosts.',
        { cause },
      );
    }
  }
}

function managementUrl(): URL {
  const told = find('rabbitManagementUrl');
  if (told) return new URL(told);
  const { hostname, username, password } = new URL(given('amqpUrl'));
  return new URL(`http://${username || 'guest'}:${password || 'guest'}@${hostname}:15672`);
}
