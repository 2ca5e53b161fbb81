import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { nodeAt } from '../config/source.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An OpenAPI 3.1 file as it was read; nothing in it is ever copied or changed. */
export interface ContractDocument {
  readonly file: string;
  readonly root: JsonObject;
  /** The line, from 1, of what a JSON pointer names; reads the text again, so for mistakes alone. */
  lineOf(pointer: string): number;
}

/** A contract that cannot be used, and on which line, when it could be read at all. */
export class ContractFileError extends Error {
  override readonly name = 'ContractFileError';
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Reads a contract in JSON or YAML.
 * @throws ContractFileError when there is no such file, or no OpenAPI 3.1 document in it.
 */
export function readDocument(file: string): ContractDocument {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ContractFileError(`cannot be read (${code}); name a file that is there`);
  }
  const root = parse(text);
  if (!isObject(root)) {
    throw new ContractFileError('expected an OpenAPI document, found none', 1);
  }
  const lineOf = (pointer: string) => lineIn(text, pointer);
  if (!/^3\.1\.\d+$/.test(String(root['openapi']))) {
    const found = String(root['openapi'] ?? root['swagger'] ?? 'no version');
    throw new ContractFileError(`openapi: expected 3.1.x, found ${found}`, lineOf('/openapi'));
  }
  return { file, root, lineOf };
}

/** JSON is read as such: YAML's reader would take a hundred times as long. */
function parse(text: string): unknown {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML's flow style begins alike; if it is not that either, its reader tells the line.
    }
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new ContractFileError(error.message, lineCounter.linePos(error.pos[0]).line);
  return document.toJS({ maxAliasCount: 100 });
}

function lineIn(text: string, pointer: string): number {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const offset = nodeAt(document, pointer)?.range?.[0] ?? 0;
  return Math.max(lineCounter.linePos(offset).line, 1);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under `key`; an empty one when there is none. */
export function objectAt(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  return isObject(value) ? value : {};
}
