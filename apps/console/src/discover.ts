import { lookup } from 'node:dns/promises';

/** Finds where the replicas of something answer, as origins: `http://10.0.0.5:9400`. */
export type Discover = () => Promise<readonly string[]>;

const DNS = /^dns:\/\/([A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):(\d{1,5})$/;

/**
 * Reads `dns://name:port`, whose every address is a replica, or `http://host:port[,http://…]`.
 * @throws TypeError when it is neither.
 */
export function parseDiscover(text: string): Discover {
  const [, name, port] = DNS.exec(text) ?? [];
  if (name !== undefined) {
    return async () => {
      const found = await lookup(name, { all: true, family: 4 });
      return found.map(({ address }) => `http://${address}:${port}`).toSorted();
    };
  }
  const origins = text.split(',').map((part) => {
    const url = URL.parse(part.trim());
    if (url?.protocol === 'http:' && url.pathname === '/' && url.search === '') return url.origin;
    throw new TypeError(
      `"${text}" names no replicas: write "dns://name:port", or "http://host:port", several separated by commas`,
    );
  });
  return async () => origins;
}
