import { readFileSync } from 'node:fs';
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import { interpolate } from './interpolate.ts';
import type { Environment } from './interpolate.ts';
import type { Mistake } from './types.ts';

/** One YAML file of the configuration, and where in it each value was written. */
export interface ConfigSource {
  readonly file: string;
  readonly value: unknown;
  /** What YAML or the environment said against it; then `value` is undefined. */
  readonly mistakes: readonly Mistake[];
  /** The line, from 1, of what a JSON pointer names, or of the nearest thing around it. */
  lineOf(pointer: string): number;
}

/** Reads a file; what is wrong with it is told in `mistakes`, never thrown. */
export function readSource(file: string, environment: Environment): ConfigSource {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const message = `cannot be read (${(error as NodeJS.ErrnoException).code}); name a file that is there`;
    return { file, value: undefined, mistakes: [{ file, line: 1, message }], lineOf: () => 1 };
  }
  return parseSource(file, text, environment);
}

/** The same for a text that is at hand. */
export function parseSource(file: string, text: string, environment: Environment): ConfigSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineAt = (offset: number) => Math.max(lines.linePos(offset).line, 1);
  const mistakes: Mistake[] = document.errors.map(({ message, pos }) => ({
    file,
    line: lineAt(pos[0]),
    message,
  }));
  if (mistakes.length === 0) {
    interpolate(document, environment, (name, offset) => {
      const message = `the environment has no ${name}; set it, or give a default: \${${name}:-…}`;
      mistakes.push({ file, line: lineAt(offset), message });
    });
  }
  return {
    file,
    value: mistakes.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined,
    mistakes,
    lineOf: (pointer) => lineAt(nodeAt(document, pointer)?.range?.[0] ?? 0),
  };
}

/** Reads `/routes/0/path` into its parts. */
export function pointerParts(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function nodeAt(document: Document, pointer: string): Node | null {
  let node: Node | null = document.contents as Node | null;
  for (const part of pointerParts(pointer)) {
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? String(key.value) : '') === part);
      // A value that is missing or null is told at its key.
      next = pair?.value ?? pair?.key;
    } else if (isSeq(node)) next = node.items[Number(part)];
    if (next === undefined || next === null) return node;
    node = next as Node;
  }
  return node;
}
