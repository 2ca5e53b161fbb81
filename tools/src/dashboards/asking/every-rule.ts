import type { Rule } from '../rule-files.ts';
import type { Finding, Outcome } from './every-expression.ts';
import { someNumber } from './every-expression.ts';
import type { Prometheus, TimeRange } from './prometheus.ts';
import { RULE_NEEDS } from '../rule-needs.ts';
import { stepOf } from './substitution.ts';

interface LoadedRule {
  readonly name: string;
  readonly type: 'recording' | 'alerting';
  readonly query: string;
  readonly health: string;
  readonly lastError?: string;
}

/**
 * Looks at every rule that the Prometheus has loaded. A recording rule must have given a series. An
 * alert gives none while all is well, so each series that its expression selects must be there.
 *
 * @param written the rules of the files; each must be loaded.
 */
export async function askRules(
  prometheus: Prometheus,
  written: readonly Rule[],
  range: TimeRange,
): Promise<Outcome> {
  const { groups } = await prometheus.api<{ groups: readonly { rules: LoadedRule[] }[] }>('rules');
  const loaded = groups.flatMap(({ rules }) => rules);
  const findings: Finding[] = written
    .filter(({ name }) => !loaded.some((rule) => rule.name === name))
    .map(({ file, name }) => ({ where: `${file} > ${name}`, problem: 'Prometheus has it not' }));
  let answered = 0;
  for (const rule of loaded) {
    const where = `rule ${rule.name}`;
    if (rule.health !== 'ok') {
      findings.push({ where, problem: rule.lastError ?? `its health is ${rule.health}` });
      continue;
    }
    const empty = await emptyPart(prometheus, rule, range);
    if (empty === undefined) answered += 1;
    else if (!(rule.name in RULE_NEEDS)) findings.push({ where, problem: `no data: ${empty}` });
  }
  return { asked: loaded.length, answered, findings };
}

/** What of a rule has no data, or undefined. */
async function emptyPart(
  prometheus: Prometheus,
  { name, type, query }: LoadedRule,
  range: TimeRange,
): Promise<string | undefined> {
  const seconds = Math.ceil(range.to - range.from);
  if (type === 'recording') {
    const series = await prometheus.range(name, range, stepOf(range));
    return someNumber(series) ? undefined : name;
  }
  for (const selector of selectors(await prometheus.api<Node>('parse_query', { query }))) {
    const series = await prometheus.instant(`last_over_time(${selector}[${seconds}s])`, range.to);
    if (!someNumber(series)) return selector;
  }
  return undefined;
}

/** A part of an expression, as Prometheus parses it. */
interface Node {
  readonly type: string;
  readonly matchers?: readonly { name: string; type: string; value: string }[];
  readonly [part: string]: unknown;
}

/** Every selector of series within an expression, without its offset and range. */
function selectors(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  const { type, matchers } = node as Node;
  if (type === 'vectorSelector' || type === 'matrixSelector') {
    const parts = (matchers ?? []).map((m) => `${m.name}${m.type}${JSON.stringify(m.value)}`);
    return [`{${parts.join(', ')}}`];
  }
  return Object.values(node).flatMap(selectors);
}
