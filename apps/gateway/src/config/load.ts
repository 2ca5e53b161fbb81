import { globSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
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
  /** Every file that it was read from, the first one included. */
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
    for (const [index, route] of (raw.routes ?? []).entries()) {
      const config = {
        ...builtInDefaults().route,
        ...defaults.route,
        ...route,
      } as unknown as RouteConfig;
      routes.push({ config, origin: { source, pointer: `/routes/${index}` } });
    }
  }
  if (mistakes.length > 0) throw new GatewayConfigError(mistakes);

  return {
    config: {
      upstreams: Object.fromEntries([...upstreams].map(([name, { config }]) => [name, config])),
      routes: routes.map(({ config }) => config),
    },
    files: sources.map((source) => source.file),
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
