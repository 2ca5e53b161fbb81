import { ANNOTATIONS } from './annotations.ts';
import { DASHBOARDS } from './index.ts';
import type { Dashboard, Panel } from './model.ts';
import type { Need } from './needs.ts';
import { refId } from './panel-json.ts';

/** An expression of a dashboard, and how Grafana asks for it. */
export interface DashboardExpression {
  readonly dashboard: Dashboard;
  /** For a reader of a failure: `golden-signals > p95 by route > A`. */
  readonly where: string;
  /** With Grafana's variables in it. */
  readonly expr: string;
  /** `values` is the query of a variable, which asks for the values of a label. */
  readonly kind: 'range' | 'instant' | 'values';
  readonly needs?: Need;
}

/** Every expression of every dashboard: panels, variables, annotations. */
export function dashboardExpressions(): readonly DashboardExpression[] {
  return DASHBOARDS.flatMap((dashboard) => [
    ...dashboard.variables.map(({ name, query }) => ({
      dashboard,
      where: `${dashboard.uid} > $${name}`,
      expr: query,
      kind: 'values' as const,
    })),
    ...ANNOTATIONS.map(({ name, expr, needs }) => ({
      dashboard,
      where: `${dashboard.uid} > annotation ${name}`,
      expr,
      kind: 'range' as const,
      ...(needs && { needs }),
    })),
    ...dashboard.rows
      .flatMap(({ panels }) => panels)
      .flatMap((panel) => panelExpressions(dashboard, panel)),
  ]);
}

function panelExpressions(dashboard: Dashboard, panel: Panel): DashboardExpression[] {
  return panel.queries.map(({ expr, needs }, index) => ({
    dashboard,
    where: `${dashboard.uid} > ${panel.title} > ${refId(index)}`,
    expr,
    kind: panel.kind === 'table' ? 'instant' : 'range',
    ...(needs && { needs }),
  }));
}
