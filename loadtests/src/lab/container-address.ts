import { docker } from '@woodytoys/infra/compose';
import { request } from 'undici';

interface Inspected {
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>>;
    readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>>;
  };
}

/** How long a container's own address has to answer, in milliseconds. */
const ANSWER_MS = 1_000;

/**
 * The own address of the container behind a port that the engine publishes on 127.0.0.1, where this
 * machine reaches it (Linux does); else the published one. A published port is a proxy of the engine
 * here, which copies each byte in a process of its own and would be measured as well.
 */
export async function containerAddress(project: string, published: string): Promise<string> {
  const { port } = new URL(published);
  const label = `label=com.docker.compose.project=${project}`;
  const ids = (await docker('ps', '--quiet', '--filter', label)).split('\n').filter(Boolean);
  const containers =
    ids.length === 0 ? [] : (JSON.parse(await docker('inspect', ...ids)) as readonly Inspected[]);
  for (const { NetworkSettings } of containers) {
    for (const [inside, bindings] of Object.entries(NetworkSettings.Ports)) {
      if (!bindings?.some(({ HostPort }) => HostPort === port)) continue;
      for (const { IPAddress } of Object.values(NetworkSettings.Networks)) {
        const address = `http://${IPAddress}:${Number.parseInt(inside, 10)}`;
        if (IPAddress !== '' && (await answers(address))) return address;
      }
    }
  }
  return published;
}

/** Any answer will do: what was asked for is the way there. */
async function answers(address: string): Promise<boolean> {
  try {
    const { body } = await request(address, { signal: AbortSignal.timeout(ANSWER_MS) });
    await body.dump();
    return true;
  } catch {
    return false;
  }
}
