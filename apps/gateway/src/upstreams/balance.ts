import type { Replica } from './replica.ts';

/** Which of an upstream's replicas gets a request. */
export interface Balancer {
  /** One of `rotation` that was not tried; undefined when there is none. */
  pick(
    rotation: readonly Replica[],
    tried: ReadonlySet<Replica> | undefined,
    key: string | undefined,
  ): Replica | undefined;
}

export type BalanceOptions = 'roundRobin' | 'p2c' | { readonly hash: string };

/** `random` gives a number from 0 to below 1. */
export function createBalancer(balance: BalanceOptions, random: () => number): Balancer {
  if (balance === 'roundRobin') return new RoundRobin();
  if (balance === 'p2c') return new LeastOfTwo(random);
  return new KeyedBalancer();
}

class RoundRobin implements Balancer {
  #turn = 0;

  pick(rotation: readonly Replica[], tried: ReadonlySet<Replica> | undefined): Replica | undefined {
    for (let step = 0; step < rotation.length; step += 1) {
      this.#turn = (this.#turn + 1) % rotation.length;
      const replica = rotation[this.#turn] as Replica;
      if (tried === undefined || !tried.has(replica)) return replica;
    }
    return undefined;
  }
}

/** The one with fewer requests in flight of two by chance: no herd runs to the one that looks best. */
class LeastOfTwo implements Balancer {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  pick(rotation: readonly Replica[], tried: ReadonlySet<Replica> | undefined): Replica | undefined {
    const open = tried === undefined ? rotation : rotation.filter((replica) => !tried.has(replica));
    const { length } = open;
    if (length < 2) return open[0];
    const first = Math.floor(this.#random() * length);
    const second = (first + 1 + Math.floor(this.#random() * (length - 1))) % length;
    const [one, other] = [open[first] as Replica, open[second] as Replica];
    return other.inFlight < one.inFlight ? other : one;
  }
}

/** Requests with one key go to one replica; those without a key go in turn. */
class KeyedBalancer implements Balancer {
  readonly #turns = new RoundRobin();

  pick(
    rotation: readonly Replica[],
    tried: ReadonlySet<Replica> | undefined,
    key: string | undefined,
  ): Replica | undefined {
    if (key === undefined) return this.#turns.pick(rotation, tried);
    return highestFor(hashOf(key), rotation, tried);
  }
}

/**
 * Rendezvous hashing (Thaler and Ravishankar, 1998): the member whose hash together with the key's is
 * the highest. A member that goes gives away its own keys and no others; one that comes takes its
 * share from all alike.
 */
export function highestFor<Member extends { readonly seed: number }>(
  keyHash: number,
  members: readonly Member[],
  without?: ReadonlySet<Member>,
): Member | undefined {
  let best: Member | undefined;
  let highest = -1;
  for (const member of members) {
    if (without?.has(member)) continue;
    const weight = mixed(keyHash ^ member.seed);
    if (weight > highest) {
      highest = weight;
      best = member;
    }
  }
  return best;
}

/** 32 bits of FNV-1a, mixed. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mixed(hash);
}

/** The end of MurmurHash3: each bit of the input changes half of the output's. */
function mixed(hash: number): number {
  let mix = hash ^ (hash >>> 16);
  mix = Math.imul(mix, 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
