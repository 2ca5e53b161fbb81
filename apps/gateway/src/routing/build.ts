import { GatewayConfigError } from '../config/errors.ts';
import { timerMs } from '../config/units.ts';
import type { LoadedConfig } from '../config/merge.ts';
import { buildUpstreams } from './build-upstreams.ts';
import type { Attempt, UpstreamBuildDependencies } from './build-upstreams.ts';
import type { FilterConfig, Mistake, RouteConfig } from '../config/types.ts';
import { exposedOf } from '../contracts/merged/exposed.ts';
import { parsePathTemplate } from './path-template.ts';
import { filterName } from '../plugin.ts';
import type { BuildContext, FilterDefinition, SharedRedis, Registry } from '../plugin.ts';
import type { MessagePublisher } from '../connections/publisher.ts';
import type { Slices } from './slices.ts';
import { RouteTable } from './table.ts';
import type { Route, Step } from './table.ts';
import type { UpstreamObserver } from '../upstreams/attempts.ts';
import type { Upstream } from '../upstreams/upstream.ts';

export interface BuildDependencies extends UpstreamBuildDependencies {
  readonly slices: Slices;
  readonly observer: UpstreamObserver;
  readonly redis: SharedRedis | undefined;
  readonly publisher: MessagePublisher | undefined;
}

export interface BuiltGateway {
  readonly table: RouteTable;
  readonly upstreams: readonly Upstream[];
  /** In the order of the configuration. */
  readonly routes: readonly BuiltRoute[];
}

/** A route as it was written, for those who operate the gateway. */
export interface BuiltRoute {
  readonly config: RouteConfig;
  /** Names of the upstreams that it leads to. */
  readonly upstreams: readonly string[];
}

/**
 * Makes the route table of a configuration.
 * @throws GatewayConfigError with everything that the schema could not see: an upstream that is not
 * there, a path that is none, the same route twice (rejection).
 */
export async function buildGateway(
  loaded: LoadedConfig,
  dependencies: BuildDependencies,
): Promise<BuiltGateway> {
  const { config, registry } = loaded;
  const { slices } = dependencies;
  const mistakes: Mistake[] = [];
  const attempt = <Result>(pointer: string, work: () => Result): Result | undefined => {
    try {
      return work();
    } catch (error) {
      if (error instanceof TypeError) mistakes.push(loaded.mistakeAt(pointer, error.message));
      else if (!(error instanceof AlreadyTold)) throw error;
      return undefined;
    }
  };

  const { byName: upstreams, mirror } = buildUpstreams(loaded, dependencies, attempt);
  const table = new RouteTable();
  const routes: BuiltRoute[] = [];
  for (const [index, routeConfig] of config.routes.entries()) {
    if (slices.over()) await slices.next();
    const at = `/routes/${index}`;
    const template = attempt(`${at}/path`, () => parsePathTemplate(routeConfig.path));
    if (template === undefined) continue;
    const used = new Set<string>();
    const context: BuildContext = {
      ...dependencies,
      route: routeConfig,
      template,
      handsOn: waitingFilters(routeConfig, registry).length > 0,
      decision: (decider, outcome) =>
        dependencies.metrics.gateway.decision(routeConfig.path, decider, outcome),
      shared: (key, create) => dependencies.shared.get(key, create),
      contract: (name) => loaded.contracts.get(name),
      exposed: () => exposedOf(config.routes, loaded.contracts),
      upstream(name) {
        const upstream = upstreams.get(name);
        used.add(name);
        if (upstream !== undefined) return upstream;
        const known = Object.keys(config.upstreams);
        // One that is there and has a mistake of its own is told at its own place.
        if (known.includes(name)) throw new AlreadyTold();
        throw new TypeError(
          `there is no upstream "${name}"; there are ${known.join(', ') || 'none'}`,
        );
      },
    };
    attempt(`${at}/timeout`, () => timerMs(routeConfig.timeout));
    attempt(`${at}/idleTimeout`, () => timerMs(routeConfig.idleTimeout));
    attempt(`${at}/parameters`, () => checkParameterNames(routeConfig, template.parameters));
    const route = buildRoute(routeConfig, at, context, registry, attempt);
    if (route === undefined) continue;
    attempt(at, () => table.add(route));
    routes.push({ config: routeConfig, upstreams: [...used] });
  }
  if (mistakes.length > 0) throw new GatewayConfigError(mistakes);
  mirror();
  return { table, routes, upstreams: [...upstreams.values()] };
}

class AlreadyTold extends Error {}

function buildRoute(
  config: RouteConfig,
  at: string,
  context: BuildContext,
  registry: Registry,
  attempt: Attempt,
): Route | undefined {
  const { filters, endpoints } = registry;
  const each = <Made>(
    direction: 'incoming' | 'outgoing',
    make: (definition: FilterDefinition, options: never) => Made | undefined,
  ): Made[] =>
    config[direction].flatMap((filterConfig, index) => {
      const [name, options] = nameAndOptions(filterConfig);
      const definition = filters.get(name);
      const made =
        definition &&
        attempt(`${at}/${direction}/${index}`, () => make(definition, (options ?? {}) as never));
      return made === undefined ? [] : [made];
    });
  const [name, options] = nameAndOptions(config.endpoint);
  if (endpoints.get(name)?.writesItself && context.handsOn) {
    attempt(`${at}/endpoint`, () => {
      const waiting = waitingFilters(config, registry).join(', ');
      throw new TypeError(
        `the endpoint "${name}" writes its answer itself; take out what waits for it: ${waiting}`,
      );
    });
    return undefined;
  }
  const endpoint = attempt(`${at}/endpoint`, () =>
    endpoints.get(name)?.create(options as never, context),
  );
  if (endpoint === undefined) return undefined;
  return {
    template: context.template,
    host: config.host,
    methods: config.methods,
    parameters: config.parameters,
    incoming: [
      ...each('incoming', (definition, options) => stepOf(definition, options, context)),
      ...each(
        'outgoing',
        ({ prepare }, options): Step | undefined =>
          prepare && { incoming: prepare(options, context), around: undefined },
      ),
    ],
    outgoing: each('outgoing', ({ outgoing }, options) => outgoing?.(options, context)),
    endpoint,
    takesUpgrade: endpoints.get(name)?.takesUpgrade?.(options as never) ?? false,
    answersPreflight: config.incoming.some(
      (filter) => filters.get(nameAndOptions(filter)[0])?.answersPreflight === true,
    ),
  };
}

function stepOf(
  { incoming, around }: FilterDefinition,
  options: never,
  context: BuildContext,
): Step | undefined {
  if (around !== undefined) return { incoming: undefined, around: around(options, context) };
  return incoming && { incoming: incoming(options, context), around: undefined };
}

/** The filters of a route that wait for the endpoint's answer. */
function waitingFilters({ incoming, outgoing }: RouteConfig, { filters }: Registry): string[] {
  const around = incoming.map(filterName).filter((name) => filters.get(name)?.around !== undefined);
  return [...around, ...outgoing.map(filterName)];
}

function nameAndOptions(config: FilterConfig): readonly [string, unknown] {
  const name = filterName(config);
  return [name, typeof config === 'string' ? undefined : config[name]];
}

function checkParameterNames({ parameters = {} }: RouteConfig, had: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !had.includes(name));
  if (unknown !== undefined) throw new TypeError(`the path has no parameter "${unknown}"`);
}
