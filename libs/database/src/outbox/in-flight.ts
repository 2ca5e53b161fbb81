import type { ClaimedRow } from './rows.ts';

/**
 * The rows that a relay has taken and not settled yet. In process a message is in flight until its
 * consumer has committed, which may take minutes: so that a queue of slow jobs does not hold up all
 * other messages, one routing key may have a quarter of the places only.
 */
export interface InFlight {
  add(row: ClaimedRow): void;
  remove(ids: readonly string[]): void;
  ids(): readonly string[];
  /** How many more rows may be taken. */
  room(): number;
  /** Routing keys that have no place left. */
  saturatedKeys(): readonly string[];
}

export function createInFlight(limit: number): InFlight {
  const keyLimit = Math.max(1, Math.ceil(limit / 4));
  const keyById = new Map<string, string>();
  const countByKey = new Map<string, number>();

  return {
    add({ id, routingKey }) {
      if (keyById.has(id)) return;
      keyById.set(id, routingKey);
      countByKey.set(routingKey, (countByKey.get(routingKey) ?? 0) + 1);
    },
    remove(ids) {
      for (const id of ids) {
        const key = keyById.get(id);
        if (key === undefined) continue;
        keyById.delete(id);
        const left = (countByKey.get(key) ?? 1) - 1;
        if (left > 0) countByKey.set(key, left);
        else countByKey.delete(key);
      }
    },
    ids: () => [...keyById.keys()],
    room: () => limit - keyById.size,
    saturatedKeys: () =>
      [...countByKey].filter(([, count]) => count >= keyLimit).map(([key]) => key),
  };
}
