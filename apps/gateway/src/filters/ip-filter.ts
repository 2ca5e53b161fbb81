import { BlockList, isIP } from 'node:net';
import type { FilterDefinition } from '../plugin.ts';
import { addressRefused } from '../problems.ts';
import { RecentMap } from '../recent-map.ts';

interface IpFilterOptions {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** What was found of an address is remembered: a look through the lists costs more. */
const MOST_REMEMBERED = 20_000;

const networks = (description: string) => ({
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  description: `${description} Addresses and networks such as 10.0.0.0/8 or 2001:db8::/32.`,
});

/** Lets pass by the client's address, as it is known past the proxies that are trusted. */
export const ipFilter: FilterDefinition<IpFilterOptions> = {
  name: 'ipFilter',
  options: {
    type: 'object',
    description: 'Lets only some client addresses pass; 403 for the others.',
    properties: {
      allow: networks('Who may pass; everybody unless given.'),
      deny: networks('Who may not, also when `allow` has them.'),
    },
    minProperties: 1,
    additionalProperties: false,
  },
  incoming({ allow, deny }, { decision }) {
    const allowed = allow && listOf(allow);
    const denied = deny && listOf(deny);
    const remembered = new RecentMap<boolean>(MOST_REMEMBERED);
    const refused = decision('ipFilter', 'refused');

    function mayPass(address: string): boolean {
      const version = isIP(address);
      // What is no address is on no list, so nobody can say that it is allowed or not denied.
      if (version === 0) return false;
      const family = version === 4 ? 'ipv4' : 'ipv6';
      if (denied?.check(address, family)) return false;
      return allowed === undefined || allowed.check(address, family);
    }

    return ({ client: { address } }) => {
      let passes = remembered.get(address);
      if (passes === undefined) remembered.set(address, (passes = mayPass(address)));
      if (passes) return undefined;
      refused();
      throw addressRefused();
    };
  },
};

/** @throws TypeError for what is no address and no network. */
function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const version = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    const known =
      prefix === undefined ||
      (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
    if (version === 0 || !known || rest.length > 0) {
      throw new TypeError(
        `"${entry}" is no address and no network; write 10.0.0.0/8 or 2001:db8::/32`,
      );
    }
    const family = version === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, bits, family);
  }
  return list;
}
