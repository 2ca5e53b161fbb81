import { watch } from 'node:fs';
import { join } from 'node:path';

/** Editors write a file in several steps, and a checkout changes many at once. */
const settleMs = 200;
const watched = ['apps', 'libs'];
const source = /\.(ts|css|html|sql|ya?ml|json)$/;
const ignored = /(^|\/)(node_modules|out-tsc|dist|test)\/|(^|\/)(package|tsconfig)[^/]*\.json$/;

/**
 * Calls back with the first of a burst of changes to the sources of apps and libraries.
 *
 * @returns ends it.
 */
export function watchSources(workspace: string, onChange: (path: string) => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watchers = watched.map((folder) =>
    watch(join(workspace, folder), { recursive: true }, (_event, name) => {
      const path = name?.replaceAll('\\', '/') ?? '';
      if (!source.test(path) || ignored.test(path)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        onChange(`${folder}/${path}`);
      }, settleMs);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
