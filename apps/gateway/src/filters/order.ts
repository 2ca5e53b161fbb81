import type { RouteConfig } from '../config/types.ts';
import { filterName } from '../plugin.ts';

/** Whether `other` is listed before a route's filter, which comes after all when it is outgoing. */
export function isListedBefore(
  { incoming }: RouteConfig,
  { name, options }: { readonly name: string; readonly options: unknown },
  other: string,
): boolean {
  const at = incoming.findIndex(
    (filter) =>
      typeof filter === 'object' && filter[name] === options && filterName(filter) === name,
  );
  return incoming
    .slice(0, at === -1 ? undefined : at)
    .some((filter) => filterName(filter) === other);
}

/**
 * Makes sure of the order of a route's incoming filters.
 * @param filter the name of the one that is made; with its options where a route may list it twice.
 * @param others those of which none may come after it.
 * @param why what would happen: the end of the message.
 * @throws TypeError when one does.
 */
export function refuseBefore(
  { incoming }: RouteConfig,
  { name, options }: { readonly name: string; readonly options?: unknown },
  others: readonly string[],
  why: string,
): void {
  const at = incoming.findIndex(
    (filter) =>
      filterName(filter) === name &&
      (options === undefined || (typeof filter === 'object' && filter[name] === options)),
  );
  const later = incoming.slice(at + 1).map(filterName);
  const other = later.find((listed) => others.includes(listed));
  if (at !== -1 && other !== undefined) {
    throw new TypeError(`list ${name} after ${other}: ${why}`);
  }
}
