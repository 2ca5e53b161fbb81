import { dirname, resolve } from 'node:path';
import type { ContractStore } from '../contracts/store.ts';
import type { Registry } from '../plugin.ts';
import { GatewayConfigError } from './errors.ts';
import { mergeSources } from './merge.ts';
import type { LoadedConfig, RawConfig } from './merge.ts';
import { mistakeOf, shortName } from './place.ts';
import type { Plugins } from './plugins.ts';
import type { ReadFiles } from './read-files.ts';
import { readSource } from './source.ts';
import type { ConfigSource, ReadContext } from './source.ts';
import type { Mistake } from './types.ts';
import type { Validate } from './validate.ts';

export interface LoadContext extends ReadContext {
  readonly plugins: Plugins;
  /** Makes the check of a file from what its plugins add; the same registry gives the same check. */
  readonly validatorOf: (registry: Registry) => Validate;
  readonly contracts: ContractStore;
}

/** What only the first file may have: so includes have no cycles, and defaults one place. */
const ROOT_KEYS = ['include', 'plugins', 'defaults'] as const;

/**
 * Reads a configuration, the files that it includes, its plugins and its contracts.
 * @throws GatewayConfigError with every mistake of every file, by line (rejection).
 */
export async function loadConfig(file: string, context: LoadContext): Promise<LoadedConfig> {
  const root = await readSource(file, context);
  const mistakes: Mistake[] = [];
  const sources = [root];
  for (const name of await includedFiles(root, context.files, mistakes)) {
    sources.push(await readSource(name, context));
  }
  const plugins = stringsAt(root, 'plugins');
  const registry = await context.plugins.load(plugins, file, (index, message) => {
    mistakes.push(mistakeOf({ source: root, pointer: `/plugins/${index}` }, '', message));
  });
  // Without a plugin, all that names its filters would be told too.
  if (mistakes.length === 0) {
    const validate = context.validatorOf(registry);
    for (const source of sources) {
      mistakes.push(...mistakesOf(source, validate));
      if (context.slices.over()) await context.slices.next();
    }
  }
  for (const source of sources.slice(1)) mistakes.push(...misplaced(source, file));
  if (mistakes.length > 0) throw new GatewayConfigError(mistakes);
  return { ...(await mergeSources(sources, context)), registry };
}

/** The files that `include` names, each once; a pattern that finds none is a mistake. */
async function includedFiles(
  root: ConfigSource,
  files: ReadFiles,
  mistakes: Mistake[],
): Promise<readonly string[]> {
  const folder = dirname(resolve(root.file));
  const found = new Set<string>();
  for (const [index, pattern] of stringsAt(root, 'include').entries()) {
    const names = await files.find(pattern, folder);
    if (names.length === 0) {
      const message = `no file in ${shortName(folder) || '.'} fits "${pattern}"; correct it or take it out`;
      mistakes.push(mistakeOf({ source: root, pointer: `/include/${index}` }, '', message));
    }
    for (const name of names) found.add(name);
  }
  // A pattern such as *.yaml finds the file that it is written in.
  found.delete(resolve(root.file));
  return [...found];
}

/** The texts of a list at the top of a file that its schema has not checked yet. */
function stringsAt({ value }: ConfigSource, key: 'include' | 'plugins'): readonly string[] {
  const list = (value as RawConfig | null | undefined)?.[key];
  if (!Array.isArray(list)) return [];
  return list.filter((item) => typeof item === 'string');
}

function misplaced(source: ConfigSource, root: string): Mistake[] {
  return ROOT_KEYS.flatMap((key) => {
    if ((source.value as RawConfig | null | undefined)?.[key] === undefined) return [];
    const message = `"${key}" belongs in ${shortName(root)} alone; move it there`;
    return [mistakeOf({ source, pointer: `/${key}` }, '', message)];
  });
}

function mistakesOf(source: ConfigSource, validate: Validate): Mistake[] {
  const file = shortName(source.file);
  if (source.mistakes.length > 0) return source.mistakes.map((mistake) => ({ ...mistake, file }));
  return validate(source.value)
    .map(({ pointer, message }) => ({ file, line: source.lineOf(pointer), message }))
    .sort((one, other) => one.line - other.line);
}
