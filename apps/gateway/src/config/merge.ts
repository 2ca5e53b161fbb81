import { dirname, resolve } from 'node:path';
import type { Contract } from '../contracts/contract.ts';
import { ContractFileError } from '../contracts/document.ts';
import { expandRoute } from '../contracts/expand.ts';
import type { WrittenRoute } from '../contracts/expand.ts';
import type { ContractStore } from '../contracts/store.ts';
import type { Registry } from '../plugin.ts';
import { GatewayConfigError } from './errors.ts';
import { mistakeOf, shortName } from './place.ts';
import type { Origin } from './place.ts';
import { routeDefaults } from './schema.ts';
import type { ConfigSource, ReadContext } from './source.ts';
import type { GatewayConfig, Mistake, RouteConfig, UpstreamConfig } from './types.ts';
import { withUpstreamDefaults } from './upstream-schema.ts';

/** A configuration that its schema allows. */
export interface LoadedConfig {
  readonly config: GatewayConfig;
  /** Every filter and endpoint that it may name, those of its plugins included. */
  readonly registry: Registry;
  /** The contracts of those upstreams that have one. */
  readonly contracts: ReadonlyMap<string, Contract>;
  /** Every file that it was read from, the first one and contracts included. */
  readonly files: readonly string[];
  /** Whether the files say this of a route, under `defaults` or with it, or the gateway itself does. */
  isWritten(route: number, key: keyof RouteConfig): boolean;
  /** A mistake at a place of `config`, such as `/routes/3/endpoint`. */
  mistakeAt(pointer: string, message: string): Mistake;
}

/** A file as its schema has it; everything may be missing. */
export interface RawConfig {
  readonly include?: readonly string[];
  readonly plugins?: readonly string[];
  readonly defaults?: {
    readonly upstream?: Record<string, unknown>;
    readonly route?: Record<string, unknown>;
  };
  readonly upstreams?: Readonly<Record<string, Record<string, unknown>>>;
  readonly routes?: readonly Record<string, unknown>[];
}

interface Placed<Config> {
  readonly config: Config;
  readonly origin: Origin;
}

export interface MergeContext extends ReadContext {
  readonly contracts: ContractStore;
}

/**
 * Makes one configuration of files that are without a mistake each by itself: defaults filled in,
 * contracts read, a route for each of their operations.
 * @throws GatewayConfigError with every mistake that they have together (rejection).
 */
export async function mergeSources(
  sources: readonly ConfigSource[],
  context: MergeContext,
): Promise<Omit<LoadedConfig, 'registry'>> {
  const root = sources[0] as ConfigSource;
  const { defaults = {} } = raw(root);
  const mistakes: Mistake[] = [];
  const upstreams = mergeUpstreams(sources, defaults.upstream, mistakes);
  await noteTlsFiles(upstreams, dirname(root.file), context);
  const contracts = await readContracts(upstreams, context, mistakes);
  const common = { ...routeDefaults(), ...defaults.route };
  const routes: (Placed<RouteConfig> & { readonly written: object })[] = [];
  for (const source of sources) {
    for (const [index, route] of (raw(source).routes ?? []).entries()) {
      if (context.slices.over()) await context.slices.next();
      const written = { ...common, ...route } as unknown as WrittenRoute;
      const origin = { source, pointer: `/routes/${index}` };
      const configs = expanded(written, origin, contracts, mistakes);
      for (const config of configs) routes.push({ config, origin, written: route });
    }
  }
  if (mistakes.length > 0) throw new GatewayConfigError(mistakes);
  const ofContracts = [...contracts.values()].map(({ document }) => document.file);
  return {
    config: {
      upstreams: Object.fromEntries([...upstreams].map(([name, { config }]) => [name, config])),
      routes: routes.map(({ config }) => config),
    },
    contracts,
    files: [...sources.map(({ file }) => file), ...new Set(ofContracts)],
    isWritten: (route, key) =>
      [defaults.route, routes[route]?.written].some((written) => key in (written ?? {})),
    mistakeAt(pointer, message) {
      const [, kind, key = '', ...rest] = pointer.split('/');
      const origin = kind === 'routes' ? routes[Number(key)]?.origin : upstreams.get(key)?.origin;
      const inside = rest.map((part) => `/${part}`).join('');
      return mistakeOf(origin ?? { source: root, pointer: '' }, inside, message);
    },
  };
}

function raw({ value }: ConfigSource): RawConfig {
  return (value ?? {}) as RawConfig;
}

type Upstreams = ReadonlyMap<string, Placed<UpstreamConfig>>;

function mergeUpstreams(
  sources: readonly ConfigSource[],
  defaults: Record<string, unknown> | undefined,
  mistakes: Mistake[],
): Upstreams {
  const upstreams = new Map<string, Placed<UpstreamConfig>>();
  for (const source of sources) {
    for (const [name, upstream] of Object.entries(raw(source).upstreams ?? {})) {
      const origin = { source, pointer: `/upstreams/${name}` };
      if (upstreams.has(name)) {
        mistakes.push(mistakeOf(origin, '', `the upstream "${name}" is there twice; keep one`));
      } else {
        upstreams.set(name, { config: withUpstreamDefaults(upstream, defaults), origin });
      }
    }
  }
  return upstreams;
}

/** A renewed certificate is a change of the configuration. */
async function noteTlsFiles(
  upstreams: Upstreams,
  folder: string,
  { files }: MergeContext,
): Promise<void> {
  for (const { config } of upstreams.values()) {
    if (config.split !== undefined) continue;
    const { ca, cert, key } = config.tls ?? {};
    for (const file of [ca, cert, key]) {
      if (file !== undefined) await files.note(resolve(folder, file));
    }
  }
}

/** The contract of each upstream that has one; its file is relative to the one that names it. */
async function readContracts(
  upstreams: Upstreams,
  context: MergeContext,
  mistakes: Mistake[],
): Promise<ReadonlyMap<string, Contract>> {
  const contracts = new Map<string, Contract>();
  for (const [name, { config, origin }] of upstreams) {
    if (config.contract === undefined) continue;
    const file = resolve(dirname(origin.source.file), config.contract);
    try {
      contracts.set(name, await context.contracts.read(file, context));
    } catch (error) {
      if (!(error instanceof ContractFileError)) throw error;
      const { line, message } = error;
      if (line === undefined) {
        const text = `the contract ${shortName(file)} ${message}`;
        mistakes.push(mistakeOf(origin, '/contract', text));
      } else mistakes.push({ file: shortName(file), line, message });
    }
  }
  return contracts;
}

/** The routes that one is written for; what its contract lets it not be goes to `mistakes`. */
function expanded(
  route: WrittenRoute,
  origin: Origin,
  contracts: ReadonlyMap<string, Contract>,
  mistakes: Mistake[],
): readonly RouteConfig[] {
  return expandRoute(
    route,
    (upstream) => contracts.get(upstream),
    (inside, message, operation) => {
      const document = contracts.get(route.contract?.upstream ?? '')?.document;
      if (operation === undefined || document === undefined) {
        mistakes.push(mistakeOf(origin, inside, message));
        return;
      }
      const line = document.lineOf(operation.pointer);
      mistakes.push({ file: shortName(document.file), line, message });
    },
  );
}
