import { pointerParts } from '@woodytoys/service';
import { LineCounter, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Document, Node } from 'yaml';
import type { Slices } from '../routing/slices.ts';
import { interpolate } from './interpolate.ts';
import type { Environment } from './interpolate.ts';
import type { ReadFiles } from './read-files.ts';
import type { Mistake } from './types.ts';
import { parseYaml } from './yaml.ts';

/** One YAML file of the configuration, and where in it each value was written. */
export interface ConfigSource {
  readonly file: string;
  readonly value: unknown;
  /** What YAML or the environment said against it; then `value` is undefined. */
  readonly mistakes: readonly Mistake[];
  /** The line, from 1, of what a JSON pointer names, or of the nearest thing around it. */
  lineOf(pointer: string): number;
}

/** What reading a configuration needs. */
export interface ReadContext {
  readonly files: ReadFiles;
  readonly environment: Environment;
  readonly slices: Slices;
}

/** Reads a file; what is wrong with it is told in `mistakes`, never thrown. */
export async function readSource(
  file: string,
  { files, environment, slices }: ReadContext,
): Promise<ConfigSource> {
  let text: string;
  try {
    text = await files.read(file);
  } catch (error) {
    const message = `cannot be read (${(error as NodeJS.ErrnoException).code}); name a file that is there`;
    return { file, value: undefined, mistakes: [{ file, line: 1, message }], lineOf: () => 1 };
  }
  const lines = new LineCounter();
  const yaml = await parseYaml(text, lines, slices);
  const lineAt = (offset: number) => Math.max(lines.linePos(offset).line, 1);
  const mistakes: Mistake[] = yaml.errors.map(({ message, pos }) => ({
    file,
    line: lineAt(pos[0]),
    message,
  }));
  if (mistakes.length === 0) {
    for (const document of yaml.documents) {
      if (slices.over()) await slices.next();
      interpolate(document, environment, (name, offset) => {
        const message = `the environment has no ${name}; set it, or give a default: \${${name}:-…}`;
        mistakes.push({ file, line: lineAt(offset), message });
      });
    }
  }
  let value: unknown;
  try {
    if (mistakes.length === 0) value = await yaml.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const lost = yaml.documents.flatMap(aliasesOfNothing);
    for (const { source, range } of lost) {
      const message = `there is no anchor &${source} before *${source}; correct the name`;
      mistakes.push({ file, line: lineAt(range?.[0] ?? 0), message });
    }
    // Or its aliases stand for more than any configuration has.
    if (lost.length === 0) mistakes.push({ file, line: 1, message: error.message });
  }
  return {
    file,
    value,
    mistakes,
    lineOf: (pointer) => lineAt(nodeAt(yaml.contents, pointer)?.range?.[0] ?? 0),
  };
}

function aliasesOfNothing(document: Document): Alias[] {
  const anchors = new Set<string>();
  const lost: Alias[] = [];
  visit(document, {
    Value(_, { anchor }) {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Alias(_, alias) {
      if (!anchors.has(alias.source)) lost.push(alias);
    },
  });
  return lost;
}

/** What a pointer leads to in a document, or the nearest thing around it. */
export function nodeAt(contents: Node | null, pointer: string): Node | null {
  let node = contents;
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
