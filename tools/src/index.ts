export { askDashboards } from './dashboards/asking/every-expression.ts';
export type { Finding, Outcome } from './dashboards/asking/every-expression.ts';
export { askRules } from './dashboards/asking/every-rule.ts';
export { createPrometheus } from './dashboards/asking/prometheus.ts';
export type { Prometheus, TimeRange } from './dashboards/asking/prometheus.ts';
export { prometheusRules } from './dashboards/rule-files.ts';
