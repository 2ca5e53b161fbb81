import type { Annotation } from './model.ts';

/** How far apart Grafana looks, at the least; it takes more when the page shows a long time. */
export const ANNOTATION_STEP = '10s';

/** What happened to the platform itself, on every dashboard. */
export const ANNOTATIONS: readonly Annotation[] = [
  {
    name: 'Scaled out',
    expr: 'count by (job) (build_info) > count by (job) (build_info offset $__interval)',
    text: '{{job}} has more replicas',
    color: 'blue',
  },
  {
    name: 'Scaled in',
    expr: 'count by (job) (build_info offset $__interval) > (count by (job) (build_info) or 0 * count by (job) (build_info offset $__interval))',
    text: '{{job}} has fewer replicas',
    color: 'orange',
  },
  {
    name: 'Configuration reloaded',
    expr: 'sum by (outcome) (increase(gateway_config_reloads_total[$__rate_interval])) > 0',
    text: 'the gateway: {{outcome}}',
    color: 'purple',
  },
  {
    name: 'Alert fires',
    expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
    text: '{{alertname}}',
    color: 'red',
    needs: 'firingAlert',
  },
];
