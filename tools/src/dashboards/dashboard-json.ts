import { ANNOTATIONS, ANNOTATION_STEP } from './annotations.ts';
import type { Annotation, Dashboard, Row, Variable } from './model.ts';
import { DATASOURCE, panelJson } from './panel-json.ts';

const COLUMNS = 24;
const TAG = 'woodytoys';

/** A dashboard as Grafana 12 reads it from a file. */
export function dashboardJson(dashboard: Dashboard): object {
  return {
    uid: dashboard.uid,
    title: dashboard.title,
    description: dashboard.description,
    tags: [TAG],
    timezone: 'browser',
    // Grafana 12.2 itself brings older schemas to its own; it does not know newer ones.
    schemaVersion: 41,
    version: 1,
    editable: false,
    // One cross-hair over all panels: what happened at the same time is what one looks for.
    graphTooltip: 1,
    refresh: '5s',
    time: { from: 'now-15m', to: 'now' },
    timepicker: { refresh_intervals: ['5s', '10s', '30s', '1m', '5m'] },
    links: [
      {
        type: 'dashboards',
        title: 'Woodytoys',
        tags: [TAG],
        asDropdown: false,
        icon: 'external link',
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        tooltip: '',
        url: '',
      },
    ],
    annotations: { list: [ownAnnotations, ...ANNOTATIONS.map(annotationJson)] },
    templating: { list: dashboard.variables.map(variableJson) },
    panels: layOut(dashboard.rows),
  };
}

/** Grafana adds this one itself when it is missing, shown. */
const ownAnnotations = {
  builtIn: 1,
  datasource: { type: 'grafana', uid: '-- Grafana --' },
  enable: true,
  hide: true,
  iconColor: 'rgba(0, 211, 255, 1)',
  name: 'Annotations & Alerts',
  type: 'dashboard',
};

function annotationJson({ name, expr, text, color }: Annotation): object {
  return {
    name,
    datasource: DATASOURCE,
    enable: true,
    hide: false,
    iconColor: color,
    // Grafana 12 asks for the target; older ones, and the migration to it, read the two below.
    target: {
      refId: 'Anno',
      datasource: DATASOURCE,
      editorMode: 'code',
      expr,
      interval: ANNOTATION_STEP,
      instant: false,
      range: true,
      legendFormat: text,
    },
    expr,
    step: ANNOTATION_STEP,
    titleFormat: name,
    textFormat: text,
  };
}

function variableJson({ name, label, query, allValue }: Variable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: name, qryType: 1 },
    // Asked for again whenever the time range moves, so that new replicas come up by themselves.
    refresh: 2,
    includeAll: true,
    ...(allValue !== undefined && { allValue }),
    multi: true,
    current: { selected: true, text: ['All'], value: ['$__all'] },
    options: [],
    regex: '',
    hide: 0,
    skipUrlSync: false,
    sort: 1,
  };
}

/** Panels fill a line of the grid from the left and go on below when there is no room. */
function layOut(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let top = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      gridPos: { x: 0, y: top, w: COLUMNS, h: 1 },
      panels: [],
    });
    top += 1;
    let left = 0;
    let lineHeight = 0;
    for (const panel of row.panels) {
      if (left + panel.width > COLUMNS) {
        top += lineHeight;
        left = 0;
        lineHeight = 0;
      }
      const position = { x: left, y: top, w: panel.width, h: panel.height };
      panels.push(panelJson(panel, panels.length + 1, position));
      left += panel.width;
      lineHeight = Math.max(lineHeight, panel.height);
    }
    top += lineHeight;
  }
  return panels;
}
