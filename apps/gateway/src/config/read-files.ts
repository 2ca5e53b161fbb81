import { glob, readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/** A search for files, and what it found. */
interface Search {
  readonly pattern: string;
  readonly folder: string;
  readonly found: string;
}

/**
 * The files that one load has read, each as it was then, and the searches that led to them: tells
 * whether loading again would read something else.
 */
export class ReadFiles {
  readonly #stamps = new Map<string, string>();
  readonly #searches: Search[] = [];

  /** Reads a file as text; rejects as `readFile` does. */
  async read(file: string): Promise<string> {
    // First, so that a change while it is read is one that happened since.
    await this.note(file);
    return readFile(file, 'utf8');
  }

  /** Counts a file in that something else is about to read. */
  async note(file: string): Promise<void> {
    const path = resolve(file);
    this.#stamps.set(path, await stampOf(path));
  }

  /** The files in `folder` that fit a pattern, absolute and sorted. */
  async find(pattern: string, folder: string): Promise<readonly string[]> {
    const found = await search(pattern, folder);
    this.#searches.push({ pattern, folder, found: found.join('\n') });
    return found;
  }

  /** How the same files are now, as a text to compare; undefined when they are as they were read. */
  async change(): Promise<string | undefined> {
    const paths = [...this.#stamps.keys()];
    const stamps = await Promise.all(paths.map(stampOf));
    const searches = await Promise.all(
      this.#searches.map(async ({ pattern, folder }) => (await search(pattern, folder)).join('\n')),
    );
    const changed =
      paths.some((path, index) => this.#stamps.get(path) !== stamps[index]) ||
      this.#searches.some(({ found }, index) => found !== searches[index]);
    return changed ? JSON.stringify([stamps, searches]) : undefined;
  }
}

/** Which file it is behind all links, and which state of it. */
async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

async function search(pattern: string, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const name of glob(pattern, { cwd: folder })) found.push(resolve(folder, name));
  return found.sort();
}
