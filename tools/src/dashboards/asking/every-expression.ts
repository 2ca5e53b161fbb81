import { dashboardExpressions } from '../expressions.ts';
import type { DashboardExpression } from '../expressions.ts';
import type { Need } from '../needs.ts';
import type { Prometheus, Series, TimeRange } from './prometheus.ts';
import { resolveVariables, stepOf, substitute, variableValues } from './substitution.ts';

/** An expression that Prometheus refuses, or that has no data though nothing excuses it. */
export interface Finding {
  readonly where: string;
  readonly problem: string;
}

/** What came of asking for each of a list of expressions. */
export interface Outcome {
  /** How many were asked for. */
  readonly asked: number;
  /** How many of them had data. */
  readonly answered: number;
  readonly findings: readonly Finding[];
}

/**
 * Runs every query of panels, variables and annotations as Grafana would, with `All` chosen.
 *
 * @param met needs that the traffic has met, so that they excuse nothing.
 */
export async function askDashboards(
  prometheus: Prometheus,
  range: TimeRange,
  met: readonly Need[] = [],
): Promise<Outcome> {
  const findings: Finding[] = [];
  const expressions = dashboardExpressions();
  let answered = 0;
  for (const expression of expressions) {
    const { where, needs } = expression;
    try {
      const data = await hasData(prometheus, expression, range);
      if (data) answered += 1;
      else if (needs === undefined || met.includes(needs))
        findings.push({ where, problem: 'no data after traffic' });
    } catch (error) {
      findings.push({ where, problem: String(error) });
    }
  }
  return { asked: expressions.length, answered, findings };
}

async function hasData(
  prometheus: Prometheus,
  { dashboard, expr, kind }: DashboardExpression,
  range: TimeRange,
): Promise<boolean> {
  const values = await resolveVariables(prometheus, dashboard.variables, range);
  if (kind === 'values') {
    return (await variableValues(prometheus, expr, values, range)).length > 0;
  }
  const stepSeconds = stepOf(range);
  const rangeSeconds = range.to - range.from;
  const query = substitute(expr, { values, stepSeconds, rangeSeconds });
  return someNumber(
    kind === 'instant'
      ? await prometheus.instant(query, range.to)
      : await prometheus.range(query, range, stepSeconds),
  );
}

/** A share of no traffic is no number, and no data. */
export function someNumber(series: readonly Series[]): boolean {
  return series.some(({ points }) => points.some(([, value]) => !Number.isNaN(value)));
}
