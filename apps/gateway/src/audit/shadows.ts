import type { BuiltGateway, BuiltRoute } from '../routing/build.ts';
import type { LoadedConfig } from '../config/merge.ts';
import { parsePathTemplate } from '../routing/path-template.ts';
import type { Finding } from './finding.ts';

/** The routes of one host and path. */
interface Place {
  readonly host: string | undefined;
  readonly path: string;
  /** HEAD included where GET answers it. */
  readonly methods: ReadonlySet<string>;
  /** A path that is matched by it, unless another takes it. */
  readonly sample: string;
  readonly matches: RegExp;
  /** Of its first route. */
  readonly index: number;
}

/** Stands for a parameter; no static segment of a configuration is like it. */
const ANY_SEGMENT = 'any~segment';

/**
 * Paths of which another takes requests: the router picks a path before it looks at the method, the
 * routes of a host before those of any host, and static segments before parameters.
 */
export function findShadows(loaded: LoadedConfig, { table, routes }: BuiltGateway): Finding[] {
  const places = placesOf(routes);
  return places.flatMap((place) => {
    const find = (severity: Finding['severity'], message: string): Finding => ({
      rule: 'shadowed',
      severity,
      ...loaded.mistakeAt(`/routes/${place.index}`, message),
    });
    const found = table.match(place.host, [...place.methods][0] as string, place.sample);
    if (found !== undefined && found.template.text !== place.path) {
      return [
        find(
          'warning',
          `${place.path} gets no request: ${found.template.text} matches first; take one out`,
        ),
      ];
    }
    return places
      .filter((other) => other !== place && hides(place, other))
      .flatMap((other) => {
        const missing = [...other.methods].filter((method) => !place.methods.has(method));
        if (missing.length === 0) return [];
        const methods = missing.join(', ');
        return place.host === other.host
          ? [
              find(
                'note',
                `${methods} ${place.path} is 405, although ${other.path} has it: a path is picked before the method; add it here if it is to be answered`,
              ),
            ]
          : [
              find(
                'warning',
                `${methods} ${place.path} is 405 on ${place.host}, although ${other.path} of any host has it: a host's own paths are picked first; add it here`,
              ),
            ];
      });
  });
}

/** Whether `place` takes requests that would be for `other` if it were not there. */
function hides(place: Place, other: Place): boolean {
  if (other.host === place.host) return other.matches.test(place.sample);
  if (other.host !== undefined) return false;
  return other.matches.test(place.sample) || place.matches.test(other.sample);
}

function placesOf(routes: readonly BuiltRoute[]): Place[] {
  const places = new Map<string, Place & { readonly methods: Set<string> }>();
  for (const [index, { config }] of routes.entries()) {
    const host = config.host?.toLowerCase();
    const key = `${host ?? ''} ${config.path}`;
    let place = places.get(key);
    if (place === undefined) {
      place = { host, path: config.path, methods: new Set(), index, ...patternsOf(config.path) };
      places.set(key, place);
    }
    for (const method of config.methods) place.methods.add(method);
    if (config.methods.includes('GET')) place.methods.add('HEAD');
  }
  return [...places.values()];
}

function patternsOf(path: string): Pick<Place, 'sample' | 'matches'> {
  const { parts } = parsePathTemplate(path);
  const sample = parts.map((part, index) => (index % 2 === 0 ? part : ANY_SEGMENT)).join('');
  const pattern = parts
    .map((part, index) => (index % 2 === 0 ? escaped(part) : part === '*' ? '.+' : '[^/]+'))
    .join('');
  return { sample, matches: new RegExp(`^${pattern}$`) };
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.]/g, '\\$&');
}
