import type { Tree } from '@nx/devkit';

/** The text of a file that has to be there. */
export function readText(tree: Tree, path: string): string {
  const text = tree.read(path, 'utf8');
  if (text === null) throw new Error(`${path} is missing; the workspace has changed.`);
  return text;
}

/** Puts an item at the end of the list of strings that `opening` finds (`const services = [`). */
export function appendToList(tree: Tree, path: string, opening: RegExp, item: string): void {
  replaceOnce(tree, path, new RegExp(`(${opening.source}[^\\]]*?)(,?\\s*\\])`), `$1, '${item}'$2`);
}

/** @throws when the pattern is not in the file, so that no place is left out in silence. */
export function replaceOnce(tree: Tree, path: string, pattern: RegExp, replacement: string): void {
  const text = readText(tree, path);
  if (!pattern.test(text)) {
    throw new Error(
      `${path} has changed: it has nothing like ${pattern}; adapt tools/src/service.`,
    );
  }
  tree.write(path, text.replace(pattern, replacement));
}
