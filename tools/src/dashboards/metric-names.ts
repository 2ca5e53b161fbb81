/**
 * The names of the metrics that an expression in PromQL asks for.
 *
 * What is no metric is taken away first: texts, durations, matchers and the lists of labels after
 * `by` and the like. Of the words that are left, those before a parenthesis are functions.
 */
export function metricNames(expression: string): ReadonlySet<string> {
  const bare = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, '')
    .replaceAll(/\{[^}]*\}/g, '')
    .replaceAll(/\boffset\s+-?(?:\d+[a-z]+|\$\w+)/g, '')
    .replaceAll(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const words = bare.matchAll(/(?<![\w.$:])[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g);
  return new Set([...words].map(([word]) => word).filter((word) => !KEYWORDS.has(word)));
}

/** Aggregations may have their labels before their parenthesis: `sum by (job) (…)`. */
const KEYWORDS = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'inf',
  'nan',
  'Inf',
  'NaN',
  'sum',
  'min',
  'max',
  'avg',
  'count',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
]);
