import type { Panel, Query, TablePanel, Threshold } from './model.ts';
import { NEEDS } from './needs.ts';

/** The data source of `grafana/provisioning/datasources`. */
export const DATASOURCE = { type: 'prometheus', uid: 'prometheus' } as const;

export interface GridPosition {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A panel as Grafana 12 reads it. */
export function panelJson(panel: Panel, id: number, gridPos: GridPosition): object {
  return {
    id,
    type: panel.kind,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: fieldDefaults(panel), overrides: overridesOf(panel) },
    options: OPTIONS[panel.kind],
    ...(panel.kind === 'table' && { transformations: transformations(panel) }),
    targets: panel.queries.map((query, index) => targetJson(panel, query, index)),
  };
}

/** `A`, `B`, …: by this name Grafana tells the queries of a panel apart. */
export function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function targetJson({ kind }: Panel, query: Query, index: number): object {
  const instant = kind === 'table';
  return {
    refId: refId(index),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr: query.expr,
    legendFormat: query.legend,
    instant,
    range: !instant,
    exemplar: query.exemplars ?? false,
    format: FORMATS[kind],
  };
}

const FORMATS = {
  timeseries: 'time_series',
  stat: 'time_series',
  heatmap: 'heatmap',
  table: 'table',
} as const;

const OPTIONS = {
  timeseries: {
    legend: {
      displayMode: 'table',
      placement: 'bottom',
      showLegend: true,
      calcs: ['lastNotNull', 'max'],
      sortBy: 'Max',
      sortDesc: true,
    },
    tooltip: { mode: 'multi', sort: 'desc', hideZeros: false },
  },
  stat: {
    colorMode: 'value',
    graphMode: 'area',
    justifyMode: 'auto',
    orientation: 'auto',
    textMode: 'auto',
    wideLayout: true,
    reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
  },
  heatmap: {
    calculate: false,
    cellGap: 1,
    color: { mode: 'scheme', scheme: 'Oranges', exponent: 0.5, steps: 64, reverse: false },
    exemplars: { color: 'rgba(31,120,193,0.7)' },
    legend: { show: true },
    rowsFrame: { layout: 'auto' },
    showValue: 'never',
    tooltip: { mode: 'single', yHistogram: true },
    yAxis: { axisPlacement: 'left', reverse: false, unit: 's' },
  },
  table: {
    cellHeight: 'sm',
    showHeader: true,
    footer: { show: false, reducer: ['sum'], countRows: false, fields: '' },
  },
} as const;

function fieldDefaults(panel: Panel): object {
  const need = panel.queries.find(({ needs }) => needs !== undefined)?.needs;
  return {
    unit: panel.unit,
    min: 0,
    ...(panel.max !== undefined && { max: panel.max }),
    color: { mode: panel.kind === 'stat' ? 'thresholds' : 'palette-classic' },
    ...(need !== undefined && { noValue: `Needs ${NEEDS[need]}` }),
    thresholds: { mode: 'absolute', steps: steps(panel.thresholds) },
    ...(panel.kind === 'timeseries' && {
      custom: {
        drawStyle: 'line',
        lineInterpolation: 'linear',
        lineWidth: 2,
        fillOpacity: panel.stacked ? 30 : 8,
        showPoints: 'never',
        // A replica that went away leaves a gap, not a line to where it came back.
        spanNulls: false,
        stacking: { mode: panel.stacked ? 'normal' : 'none', group: 'A' },
        thresholdsStyle: { mode: panel.thresholds ? 'dashed' : 'off' },
      },
    }),
  };
}

/** Grafana wants null where the first step begins. */
function steps(thresholds: readonly Threshold[] | undefined): object[] {
  return (thresholds ?? [{ from: -Infinity, color: 'green' }]).map(({ from, color }) => ({
    color,
    value: from === -Infinity ? null : from,
  }));
}

function overridesOf(panel: Panel): object[] {
  if (panel.kind !== 'table') return [];
  return panel.queries.map(({ legend }) => ({
    matcher: { id: 'byName', options: legend },
    properties: [{ id: 'unit', value: panel.units[legend] ?? panel.unit }],
  }));
}

/** One line a label value, its columns named by the legends. */
function transformations({ queries, rowLabel }: TablePanel): object[] {
  const columns = queries.map(({ legend }, index) => [`Value #${refId(index)}`, legend]);
  return [
    { id: 'joinByField', options: { byField: rowLabel.label, mode: 'outer' } },
    {
      id: 'organize',
      options: {
        excludeByName: Object.fromEntries(
          ['Time', ...queries.map((_, index) => `Time ${index + 1}`)].map((name) => [name, true]),
        ),
        renameByName: Object.fromEntries([[rowLabel.label, rowLabel.heading], ...columns]),
      },
    },
    {
      id: 'sortBy',
      options: { sort: [{ field: queries[0]?.legend ?? rowLabel.heading, desc: true }] },
    },
  ];
}
