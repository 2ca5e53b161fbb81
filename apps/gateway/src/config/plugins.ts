import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AJV_CODE } from '@woodytoys/service';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { EndpointDefinition, FilterDefinition, Registry } from '../plugin.ts';

type Definition =
  | { readonly kind: 'filter'; readonly definition: FilterDefinition }
  | { readonly kind: 'endpoint'; readonly definition: EndpointDefinition };

/** What plugins add to the gateway's own filters and endpoints. */
export interface Plugins {
  /**
   * The registry with those of packages, or of files named relative to the configuration.
   * `onMistake` is told what is wrong with the plugin at `index`.
   */
  load(
    names: readonly string[],
    configFile: string,
    onMistake: (index: number, message: string) => void,
  ): Promise<Registry>;
}

export function createPlugins(builtIn: Registry): Plugins {
  let last: { readonly names: string; readonly registry: Registry } | undefined;
  return {
    async load(names, configFile, onMistake) {
      if (names.length === 0) return builtIn;
      // A process imports a module once, so the same names are the same definitions.
      const key = JSON.stringify(names);
      if (last?.names === key) return last.registry;
      const adding = new Adding(builtIn);
      let whole = true;
      for (const [index, name] of names.entries()) {
        try {
          adding.add(name, definitionsOf(name, await importPlugin(name, configFile)));
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
          whole = false;
          onMistake(index, error.message);
        }
      }
      if (whole) last = { names: key, registry: adding };
      return adding;
    },
  };
}

/** A registry that grows by plugins. */
class Adding implements Registry {
  readonly filters: Map<string, FilterDefinition>;
  readonly endpoints: Map<string, EndpointDefinition>;
  readonly #owners = new Map<string, string>();

  constructor({ filters, endpoints }: Registry) {
    this.filters = new Map(filters);
    this.endpoints = new Map(endpoints);
  }

  /** @throws TypeError when a name is taken, or options are no JSON Schema. */
  add(plugin: string, definitions: readonly Definition[]): void {
    for (const { kind, definition } of definitions) {
      const { name, options } = definition;
      const what = `${kind} "${name}"`;
      if (kind === 'filter' ? this.filters.has(name) : this.endpoints.has(name)) {
        const owner = this.#owners.get(what) ?? 'the gateway itself';
        throw new TypeError(
          `the ${what} of ${plugin} is there already, from ${owner}; give it another name`,
        );
      }
      checkOptions(what, plugin, options);
      this.#owners.set(what, plugin);
      if (kind === 'filter') this.filters.set(name, definition);
      else this.endpoints.set(name, definition);
    }
  }
}

/** @throws TypeError when there is no such module, or it fails (rejection). */
async function importPlugin(name: string, configFile: string): Promise<Record<string, unknown>> {
  let file: string;
  try {
    const isFile = name.startsWith('.') || isAbsolute(name);
    file = isFile
      ? resolve(configFile, '..', name)
      : createRequire(resolve(configFile)).resolve(name);
  } catch (error) {
    throw new TypeError(
      `the plugin ${name} cannot be found (${codeOf(error)}); install it beside the configuration, or name a file with "./"`,
      { cause: error },
    );
  }
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new TypeError(
      `the plugin ${name} cannot be loaded: ${(error as Error).message ?? String(error)}`,
      { cause: error },
    );
  }
}

/** @throws TypeError when the module exports no filter and no endpoint. */
function definitionsOf(name: string, module: Record<string, unknown>): Definition[] {
  const exported = [...new Set(Object.values(module).flatMap((value: unknown) => value))];
  const found = exported.flatMap((value) => definitionOf(value) ?? []);
  if (found.length > 0) return found;
  throw new TypeError(
    `the plugin ${name} exports no filter and no endpoint (it exports ${Object.keys(module).join(', ') || 'nothing'}); export objects with "name", "options" and a function`,
  );
}

function definitionOf(value: unknown): Definition | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, options, incoming, around, outgoing, create } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof options !== 'object' || options === null) return undefined;
  if (typeof create === 'function') {
    return { kind: 'endpoint', definition: value as EndpointDefinition };
  }
  return [incoming, around, outgoing].some((part) => typeof part === 'function')
    ? { kind: 'filter', definition: value as FilterDefinition }
    : undefined;
}

/** @throws TypeError when the options are no JSON Schema: by itself, so that its owner is told. */
function checkOptions(key: string, plugin: string, options: object): void {
  try {
    new Ajv2020({
      strict: true,
      allowUnionTypes: true,
      strictTypes: false,
      code: AJV_CODE,
    }).compile(options);
  } catch (error) {
    throw new TypeError(
      `the options of the ${key} of ${plugin} are no JSON Schema: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
