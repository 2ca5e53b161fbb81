import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface AppFolder {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** The folders of `apps/`, by name. */
export async function appFolders(root: string): Promise<AppFolder[]> {
  const entries = await readdir(join(root, 'apps'), { withFileTypes: true });
  return entries
    .filter((entry) => existsSync(join(entry.parentPath, entry.name, 'package.json')))
    .map(({ name, parentPath }) => ({ name, path: join(parentPath, name) }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

/**
 * What the file exports under a name with this ending: an app's topology ends with `Topology`, the
 * variables of its own with `Config`. The apps are looked up, and not imported by name, so that the
 * reference has a new one as soon as its folder is there.
 */
export async function exportsEndingWith(file: string, ending: string): Promise<unknown[]> {
  if (!existsSync(file)) return [];
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  return Object.entries(module)
    .filter(([name]) => name.endsWith(ending))
    .map(([, value]) => value);
}
