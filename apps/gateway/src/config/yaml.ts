import { Composer, Lexer, Parser, isSeq, parseDocument } from 'yaml';
import type { CST, Document, LineCounter, Node, YAMLParseError } from 'yaml';
import type { Slices } from '../routing/slices.ts';

/** A YAML file as documents of the library: one, or one and more for the items of long lists. */
export interface ParsedYaml {
  readonly errors: readonly YAMLParseError[];
  /** Each document by itself, so that work on them can be done in slices. */
  readonly documents: readonly Document[];
  /** The whole value; call it once nothing more changes in `documents`. */
  toJS(): Promise<unknown>;
  /** The whole tree. */
  readonly contents: Node | null;
}

/** Items of a list at the top are composed one by one; shorter lists are not worth it. */
const LONG_LIST = 20;
const LEXEMES_BETWEEN_LOOKS = 64;
/** References lead from one item to another, so a file that has any is composed in one piece. */
const REFERENCE = /^[&*]/;

/**
 * Reads YAML as `parseDocument` does, but never holds the event loop for long: 1,500 routes take it
 * some 200 ms. The lists at the top of the file are composed item by item.
 */
export async function parseYaml(
  text: string,
  lines: LineCounter,
  slices: Slices,
): Promise<ParsedYaml> {
  const tokens: CST.Token[] = [];
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let lexemes = 0;
  let references = false;
  for (const lexeme of new Lexer().lex(text)) {
    references ||= REFERENCE.test(lexeme);
    for (const token of parser.next(lexeme)) tokens.push(token);
    lexemes += 1;
    if (lexemes % LEXEMES_BETWEEN_LOOKS === 0 && slices.over()) await slices.next();
  }
  for (const token of parser.end()) tokens.push(token);
  const documents = tokens.filter((token) => token.type === 'document');
  if (references || documents.length !== 1) return parseWhole(text, slices);
  return composeInParts(tokens, documents[0] as CST.Document, slices);
}

function parseWhole(text: string, slices: Slices): ParsedYaml {
  const document = parseDocument(text, { prettyErrors: false });
  return {
    errors: document.errors,
    documents: [document],
    contents: document.contents,
    async toJS() {
      if (slices.over()) await slices.next();
      return document.toJS({ maxAliasCount: 100 });
    },
  };
}

/** An item of a list at the top, composed by itself. */
interface Part {
  readonly key: string;
  readonly index: number;
  readonly document: Document;
}

async function composeInParts(
  tokens: readonly CST.Token[],
  { value }: CST.Document,
  slices: Slices,
): Promise<ParsedYaml> {
  const taken = takeLongLists(value);
  const root = compose(tokens);
  const errors = [...root.errors];
  const parts: Part[] = [];
  for (const { key, index, value: item } of taken) {
    if (slices.over()) await slices.next();
    const document = compose([{ type: 'document', offset: item.offset, start: [], value: item }]);
    errors.push(...document.errors);
    parts.push({ key, index, document });
  }
  return {
    errors,
    documents: [root, ...parts.map(({ document }) => document)],
    contents: root.contents,
    async toJS() {
      const whole = root.toJS() as Record<string, unknown[]>;
      for (const { key, index, document } of parts) {
        if (slices.over()) await slices.next();
        (whole[key] as unknown[])[index] = document.toJS();
        const list = root.get(key);
        if (isSeq(list)) list.items[index] = document.contents;
      }
      return whole;
    },
  };
}

function compose(tokens: readonly CST.Token[]): Document {
  const [document] = new Composer({ prettyErrors: false }).compose(tokens, true);
  return document as Document;
}

interface TakenItem {
  readonly key: string;
  readonly index: number;
  readonly value: CST.Token;
}

/** Takes the items out of long lists, and leaves a scalar where each was. */
function takeLongLists(value: CST.Token | undefined): TakenItem[] {
  if (value?.type !== 'block-map' && value?.type !== 'flow-collection') return [];
  return value.items.flatMap((entry) => {
    const { key, value: list } = entry as CST.CollectionItem;
    if (key?.type === undefined || !('source' in key) || !isLongList(list)) return [];
    return list.items.flatMap((item, index) => {
      const { value: taken } = item;
      const movable =
        taken?.type === 'flow-collection' ||
        (taken?.type === 'block-map' && list.type === 'block-seq');
      if (!movable || item.key !== undefined || item.sep !== undefined) return [];
      const { offset, indent } = taken;
      item.value = { type: 'scalar', offset, indent, source: '0', end: [] };
      return [{ key: unquoted(key.source), index, value: taken }];
    });
  });
}

function isLongList(token: CST.Token | undefined): token is CST.BlockSequence | CST.FlowCollection {
  if (token?.type === 'flow-collection') {
    return token.start.source === '[' && token.items.length > LONG_LIST;
  }
  return token?.type === 'block-seq' && token.items.length > LONG_LIST;
}

function unquoted(source: string): string {
  return /^(["']).*\1$/.test(source) ? source.slice(1, -1) : source;
}
