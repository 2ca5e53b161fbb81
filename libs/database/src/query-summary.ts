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

/** A verb with its table, or a table that is read; a name before a parenthesis is a function's there. */
const STEP =
  /\b(?:(INSERT) INTO ([\w.]+)|(DELETE) FROM ([\w.]+)|(UPDATE) ([\w.]+)|(SELECT)\b|(?:FROM|JOIN) ([\w.]+)\b(?! ?\())/gi;

/** What follows `UPDATE` or `FROM` where no table does: `FOR UPDATE SKIP LOCKED`, `DO UPDATE SET`. */
const NO_TABLE = new Set(['skip', 'nowait', 'of', 'set', 'lateral', 'select', 'only']);

function summarize(text: string): string {
  // Texts and comments may hold words that look like statements.
  const bare = text
    .replace(/'(?:[^']|'')*'|--[^\n]*/g, "''")
    .replaceAll('"', '')
    .replace(/\s+/g, ' ')
    .trim();
  // A part with a name of its own (WITH name AS (…)) is no table.
  const parts = new Set([...bare.matchAll(/\b(\w+) AS \(/gi)].map(([, name]) => name));
  const words: string[] = [];
  for (const match of bare.matchAll(STEP)) {
    const [, insert, into, remove, of, update, to, select, from] = match;
    const verb = insert ?? remove ?? update ?? select;
    const table = into ?? of ?? to ?? from;
    if (table !== undefined && (NO_TABLE.has(table.toLowerCase()) || parts.has(table))) continue;
    if (verb !== undefined) words.push(verb.toUpperCase());
    if (table !== undefined) words.push(table);
  }
  if (words.length === 0) words.push(/^\w*/.exec(bare)?.[0].toUpperCase() ?? '');
  const steps = words.filter((word, index) => word !== words[index - 1]);
  return steps.join(' ').slice(0, MAX_LENGTH);
}
