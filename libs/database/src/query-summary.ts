/** Statements are few and fixed; SQL that is put together at run time must not fill the memory. */
const MAX_KEPT = 1_000;
const MAX_LENGTH = 255;

const kept = new Map<string, string>();

/**
 * What a statement does to which tables, in the order of the text: `INSERT orders SELECT carts`. It
 * has none of its values; OpenTelemetry calls it `db.query.summary`.
 */
export function querySummary(text: string): string {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const summary = summarize(text);
  if (kept.size < MAX_KEPT) kept.set(text, summary);
  return summary;
}

const STEP =
  /\b(?:(INSERT)\s+INTO|(DELETE)\s+FROM|(UPDATE)|(SELECT)|(FROM|JOIN)|^\s*(\w+))\b(?:\s+(?:ONLY\s+)?("?[a-z_][\w$."]*)(?!\s*\(|[\w$."]))?/gi;

/** What follows `UPDATE` where it is no statement: `FOR UPDATE SKIP LOCKED`, `DO UPDATE SET`. */
const NO_TABLE = new Set(['SKIP', 'NOWAIT', 'OF', 'SET', 'LATERAL', 'SELECT']);

function summarize(text: string): string {
  // Texts may hold words that look like statements.
  const bare = text.replace(/'(?:[^']|'')*'|--[^\n]*/g, "''");
  const words: string[] = [];
  const ctes = new Set([...bare.matchAll(/(\w+)\s+AS\s*\(/gi)].map(([, name = '']) => name));
  for (const [, insert, remove, update, select, from, other, target] of bare.matchAll(STEP)) {
    const table =
      target === undefined || NO_TABLE.has(target.toUpperCase()) || ctes.has(target)
        ? undefined
        : target.replaceAll('"', '');
    const verb = insert ?? remove ?? update ?? select;
    if (verb === undefined && from === undefined) {
      const word = other?.toUpperCase();
      if (word !== undefined && word !== 'WITH') words.push(word);
    } else if (verb !== undefined && verb === select) words.push('SELECT');
    else if (table !== undefined) {
      if (verb !== undefined) words.push(verb.toUpperCase());
      words.push(table);
    }
  }
  return words
    .filter((word, index) => word !== words[index - 1])
    .join(' ')
    .slice(0, MAX_LENGTH);
}
