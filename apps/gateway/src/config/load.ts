import { globSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Contract } from '../contracts/contract.ts';
import { ContractFileError } from '../contracts/document.ts';
import { expandRoute } from '../contracts/expand.ts';
import type { WrittenRoute } from '../contracts/expand.ts';
import type { ContractStore } from '../contracts/store.ts';
import { GatewayConfigError } from './errors.ts';
import type { Environment } from './interpolate.ts';
import { builtInDefaults } from './schema.ts';
import { readSource } from './source.ts';
import type { ConfigSource } from './source.ts';
import type { GatewayConfig, Mistake, RouteConfig, UpstreamConfig } from './types.ts';
import type { SchemaMistake } from './validate.ts';

/** A configuration that its schema allows. */
export interface LoadedConfig {
  readonly config: GatewayConfig;
  /** The contracts of those upstreams that have one. */
  readonly contracts: ReadonlyMap<string, Contract>;
  /** Every file that it was read from, the first one and contracts included. */
  readonly files: readonly string[];
  /** A mistake at a place of `config`, such as `/routes/3/endpoint`. */
  mistakeAt(pointer: string, message: string): Mistake;
}

interface RawConfig {
  readonly include?: readonly string[];
  readonly defaults?: {
    readonly upstream?: Record<string, unknown>;
    readonly route?: Record<string, unknown>;
  };
  readonly upstreams?: Readonly<Record<string, Record<string, unknown>>>;
  readonly routes?: readonly Record<string, unknown>[];
}

interface Origin {
  readonly source: ConfigSource;
  readonly pointer: string;
}

/**
 * Reads a configuration and the files that it includes.
 * @throws GatewayConfigError with every mistake of every file, by line.
 */
export function loadConfig(
  file: string,
  environment: Environment,
  validate: (value: unknown) => readonly SchemaMistake[],
  contractStore: ContractStore,
): LoadedConfig {
  const root = readSource(file, environment);
  const included = includedFiles(root).map((name) => readSource(name, environment));
  const sources = [root, ...included];
  const mistakes = sources.flatMap((source) => mistakesOf(source, validate));
  for (const source of included) {
    for (const key of ['include', 'defaults'] as const) {
      if ((source.value as RawConfig | undefined)?.[key] === undefined) continue;
      const message = `"${key}" belongs in ${shortName(file)} alone; move it there`;
      mistakes.push({ file: shortName(source.file), line: source.lineOf(`/${key}`), message });
    }
  }
  if (mistakes.length > 0) throw new GatewayConfigError(mistakes);

  const { defaults = {} } = (root.value ?? {}) as RawConfig;
  const upstreams = new Map<string, { readonly config: UpstreamConfig; readonly origin: Origin }>();
  const routes: { readonly config: RouteConfig; readonly origin: Origin }[] = [];
  for (const source of sources) {
    const raw = (source.value ?? {}) as RawConfig;
    for (const [name, upstream] of Object.entries(raw.upstreams ?? {})) {
      const origin = { source, pointer: `/upstreams/${name}` };
      if (upstreams.has(name)) {
        mistakes.push(mistakeOf(origin, '', `the upstream "${name}" is there twice; keep one`));
      } else
        upstreams.set(name, { config: withUpstreamDefaults(upstream, defaults.upstream), origin });
    }
  }
  const contracts = readContracts(upstreams, contractStore, mistakes);
  for (const source of sources) {
    const raw = (source.value ?? {}) as RawConfig;
    for (const [index, route] of (raw.routes ?? []).entries()) {
      const written = { ...builtInDefaults().route, ...defaults.route, ...route };
      const origin = { source, pointer: `/routes/${index}` };
      routes.push(
        ...expanded(written as unknown as WrittenRoute, origin, contracts, mistakes).map(
          (config) => ({
            config,
            origin,
          }),
        ),
      );
    }
  }
  if (mistakes.length > 0) throw new GatewayConfigError(mistakes);

  return {
    config: {
      upstreams: Object.fromEntries([...upstreams].map(([name, { config }]) => [name, config])),
      routes: routes.map(({ config }) => config),
    },
    contracts,
    files: [
      ...sources.map((source) => source.file),
      ...new Set([...contracts.values()].map(({ document }) => document.file)),
    ],
    mistakeAt(pointer, message) {
      const [, kind, key = '', ...rest] = pointer.split('/');
      const origin = kind === 'routes' ? routes[Number(key)]?.origin : upstreams.get(key)?.origin;
      return mistakeOf(
        origin ?? { source: root, pointer: '' },
        rest.map((part) => `/${part}`).join(''),
        message,
      );
    },
  };
}

function includedFiles({ file, value }: ConfigSource): string[] {
  const include = (value as RawConfig | undefined)?.include;
  if (!Array.isArray(include)) return [];
  const cwd = dirname(resolve(file));
  const found = include.flatMap((pattern) => globSync(String(pattern), { cwd }).sort());
  return [...new Set(found)].map((name) => resolve(cwd, name));
}

function mistakesOf(
  source: ConfigSource,
  validate: (value: unknown) => readonly SchemaMistake[],
): Mistake[] {
  const file = shortName(source.file);
  if (source.mistakes.length > 0) return source.mistakes.map((mistake) => ({ ...mistake, file }));
  return validate(source.value)
    .map(({ pointer, message }) => ({ file, line: source.lineOf(pointer), message }))
    .sort((one, other) => one.line - other.line);
}

function mistakeOf({ source, pointer }: Origin, inside: string, message: string): Mistake {
  return { file: shortName(source.file), line: source.lineOf(pointer + inside), message };
}

type Upstreams = ReadonlyMap<string, { readonly config: UpstreamConfig; readonly origin: Origin }>;

/** The contract of each upstream that has one; its file is relative to the one that names it. */
function readContracts(
  upstreams: Upstreams,
  store: ContractStore,
  mistakes: Mistake[],
): ReadonlyMap<string, Contract> {
  const contracts = new Map<string, Contract>();
  for (const [name, { config, origin }] of upstreams) {
    if (config.contract === undefined) continue;
    const file = resolve(dirname(origin.source.file), config.contract);
    try {
      contracts.set(name, store.read(file));
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

function withUpstreamDefaults(
  upstream: Record<string, unknown>,
  defaults: Record<string, unknown> = {},
): UpstreamConfig {
  const builtIn = builtInDefaults();
  return {
    ...builtIn.upstream,
    ...defaults,
    ...upstream,
    probe: { ...builtIn.probe, ...(defaults['probe'] as object), ...(upstream['probe'] as object) },
  } as unknown as UpstreamConfig;
}

/** As somebody in the working directory would name it. */
function shortName(file: string): string {
  const name = relative(process.cwd(), resolve(file));
  return name.startsWith('..') ? file : name;
}
