import { LineCounter, parseDocument } from 'yaml';
import { nodeAt } from '../config/source.ts';
import { parseYaml } from '../config/yaml.ts';
import type { Slices } from '../routing/slices.ts';

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
 * Reads the text of a contract, JSON or YAML.
 * @throws ContractFileError when there is no OpenAPI 3.1 document in it (rejection).
 */
export async function readDocument(
  file: string,
  text: string,
  slices: Slices,
): Promise<ContractDocument> {
  const root = await parse(text, slices);
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
async function parse(text: string, slices: Slices): Promise<unknown> {
  if (text.trimStart().startsWith('{')) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML's flow style begins alike; if it is not that either, its reader tells the line.
    }
  }
  const lines = new LineCounter();
  const yaml = await parseYaml(text, lines, slices);
  const [error] = yaml.errors;
  if (error) throw new ContractFileError(error.message, lines.linePos(error.pos[0]).line);
  return yaml.toJS();
}

function lineIn(text: string, pointer: string): number {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const offset = nodeAt(document.contents, pointer)?.range?.[0] ?? 0;
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
