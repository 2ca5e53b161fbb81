import type { Variable } from '../model.ts';
import type { Prometheus, TimeRange } from './prometheus.ts';

/** `timeInterval` of the data source: how often Prometheus asks its targets. */
export const SCRAPE_SECONDS = 5;
/** About as many as Grafana asks for on a panel of half a page. */
const MOST_POINTS = 400;

/** What stands for the variables of an expression. */
export interface Substitutes {
  /** For `$name`, ready to stand within a matcher by regular expression. */
  readonly values: Readonly<Record<string, string>>;
  readonly stepSeconds: number;
  readonly rangeSeconds: number;
}

/** The distance between two points, as Grafana takes it for a range. */
export function stepOf({ from, to }: TimeRange): number {
  return Math.max(SCRAPE_SECONDS, Math.ceil((to - from) / MOST_POINTS));
}

/**
 * Replaces `$variable` and Grafana's own ones as Grafana does: `$__rate_interval` is a step and a
 * scrape, and four scrapes at the least, so that `rate` always has two samples.
 *
 * @throws when the expression names a variable that there is not.
 */
export function substitute(
  expr: string,
  { values, stepSeconds, rangeSeconds }: Substitutes,
): string {
  const rateSeconds = Math.max(stepSeconds + SCRAPE_SECONDS, 4 * SCRAPE_SECONDS);
  const all: Readonly<Record<string, string>> = {
    ...values,
    __interval: `${stepSeconds}s`,
    __rate_interval: `${rateSeconds}s`,
    __range: `${Math.round(rangeSeconds)}s`,
  };
  // `$1` is a group of label_replace.
  return expr.replaceAll(/\$([a-z_]\w*)/g, (_, name: string) => {
    const value = all[name];
    if (value !== undefined) return value;
    throw new Error(`"${expr}" names $${name}; there are ${Object.keys(all).join(', ')}`);
  });
}

/**
 * What `All` of each variable stands for: its `allValue`, or every value that its query finds.
 *
 * @throws when a query finds none.
 */
export async function resolveVariables(
  prometheus: Prometheus,
  variables: readonly Pick<Variable, 'name' | 'query' | 'allValue'>[],
  range: TimeRange,
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {};
  for (const { name, query, allValue } of variables) {
    const found = await variableValues(prometheus, query, values, range);
    if (found.length === 0) throw new Error(`$${name} has no value: ${query} finds none`);
    values[name] = allValue ?? anyOf(found);
  }
  return values;
}

/** Runs `label_values(selector, label)`, in which variables that come before may be used. */
export async function variableValues(
  prometheus: Prometheus,
  query: string,
  values: Readonly<Record<string, string>>,
  range: TimeRange,
): Promise<readonly string[]> {
  const [, selector = '', label = ''] = /^label_values\((.+),\s*(\w+)\)$/.exec(query) ?? [];
  if (label === '') throw new Error(`"${query}" is not label_values(selector, label)`);
  const substitutes = { values, stepSeconds: stepOf(range), rangeSeconds: range.to - range.from };
  return prometheus.labelValues(substitute(selector, substitutes), label, range);
}

function anyOf(values: readonly string[]): string {
  const escaped = values.map((value) => value.replaceAll(/[\\^$*+?.()|[\]{}]/g, '\\\\$&'));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}
