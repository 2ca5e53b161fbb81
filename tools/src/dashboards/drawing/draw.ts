import type { Prometheus, TimeRange } from '../asking/prometheus.ts';
import { resolveVariables } from '../asking/substitution.ts';
import type { DrawnDashboard, DrawnPanel } from './dashboard-file.ts';
import { drawPages } from './page.ts';
import type { DrawnPage } from './page.ts';
import { marks, panelData } from './panel-data.ts';
import type { PanelData } from './panel-data.ts';

/** Asks Prometheus for everything on a dashboard, with `All` chosen, and draws it. */
export async function drawDashboard(
  prometheus: Prometheus,
  dashboard: DrawnDashboard,
  range: TimeRange,
): Promise<DrawnPage[]> {
  const variables = dashboard.templating.list.map(({ name, definition, allValue }) => ({
    name,
    query: definition,
    ...(allValue !== undefined && { allValue }),
  }));
  const values = await resolveVariables(prometheus, variables, range);
  const queries = { prometheus, range, values };
  const data = new Map<DrawnPanel, PanelData>();
  for (const panel of dashboard.panels) {
    if (panel.type !== 'row') data.set(panel, await panelData(queries, panel));
  }
  return drawPages(dashboard, data, await marks(queries, dashboard));
}
