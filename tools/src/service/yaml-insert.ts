import { isCollection, isMap, isPair, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node, Pair, YAMLMap, YAMLSeq } from 'yaml';

/** The way to a place: keys of maps, and numbers or tests for items of lists. */
export type YamlPath = readonly (string | number | ((item: unknown) => boolean))[];

/**
 * Adds to a YAML text by position: what it does not add stays as it is, byte for byte, comments and
 * layout included.
 */
export class YamlText {
  #text: string;
  readonly #file: string;

  /** @param file for error messages. */
  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }

  /** What the text means at a place; `undefined` when there is nothing. */
  value(path: YamlPath): unknown {
    const document = parseDocument(this.#text, { merge: true });
    return find(document, path)?.toJS(document);
  }

  /** Adds an item to a list written as `[a, b]`. */
  appendToFlow(path: YamlPath, item: string): void {
    const list = this.#collection(path);
    const last = list.items.at(-1);
    if (!isSeq(list) || !list.flow || last === undefined) throw this.#unexpected(path);
    this.#insert(endOf(last as Node), `, ${item}`);
  }

  /**
   * Adds lines to a list or map whose items stand each on lines of their own.
   *
   * @param lines indented as if the collection began at the first column.
   * @param after the key after whose item they go; the last unless given.
   */
  appendToBlock(path: YamlPath, lines: string, after?: string): void {
    const collection = this.#collection(path);
    const items = collection.items as (Node | Pair<Node>)[];
    const last =
      after === undefined
        ? items.at(-1)
        : items.find((item) => isPair(item) && keyOf(item) === after);
    const [first] = items;
    if (collection.flow || first === undefined || last === undefined) throw this.#unexpected(path);
    const start = startOf(first);
    const lineStart = this.#text.lastIndexOf('\n', start - 1) + 1;
    const indent = /^ */.exec(this.#text.slice(lineStart))?.[0] ?? '';
    const indented = lines.replaceAll(/^(?=.)/gm, indent);
    // Past a comment at the end of the last line.
    const end = endOf(last);
    const line = this.#text[end - 1] === '\n' ? end - 1 : this.#text.indexOf('\n', end);
    this.#insert(line === -1 ? this.#text.length : line, `\n${indented}`);
  }

  #collection(path: YamlPath): YAMLMap | YAMLSeq {
    const node = find(parseDocument(this.#text), path);
    if (!isCollection(node) || !(isMap(node) || isSeq(node))) throw this.#unexpected(path);
    return node;
  }

  #insert(position: number, text: string): void {
    this.#text = this.#text.slice(0, position) + text + this.#text.slice(position);
  }

  #unexpected(path: YamlPath): Error {
    const place = path.map((step) => (typeof step === 'function' ? '*' : step)).join('.');
    return new Error(`${this.#file} has changed: at ${place} there is no list or map as expected.`);
  }
}

function find(document: Document, path: YamlPath): Node | undefined {
  let node: unknown = document.contents;
  for (const step of path) {
    if (typeof step === 'function') {
      if (!isSeq(node)) return undefined;
      node = node.items.find((item) => step((item as Node).toJS(document)));
    } else if (isCollection(node)) {
      node = node.get(step, true);
    } else {
      return undefined;
    }
  }
  return node as Node | undefined;
}

function keyOf(pair: Pair): unknown {
  return isScalar(pair.key) ? pair.key.value : undefined;
}

function startOf(item: Node | Pair<Node>): number {
  return (isPair(item) ? item.key : item).range?.[0] ?? 0;
}

/** Where the last character of an item stands; a block collection's range would include blank lines. */
function endOf(item: Node | Pair<Node>): number {
  if (isPair(item)) {
    const value = item.value as Node | null;
    const isEmpty = value === null || (isScalar(value) && value.range?.[0] === value.range?.[1]);
    return endOf(isEmpty ? item.key : value);
  }
  const last = isCollection(item) && !item.flow ? item.items.at(-1) : undefined;
  return last === undefined ? (item.range?.[1] ?? 0) : endOf(last as Node | Pair<Node>);
}
