import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { dashboardJson } from './dashboard-json.ts';
import { DASHBOARDS } from './index.ts';

export interface DashboardFile {
  /** Seen from the root of the workspace. */
  readonly path: string;
  readonly text: string;
}

/** What `grafana/dashboards` holds, formatted as `npm run format` would. */
export function dashboardFiles(root: string): Promise<DashboardFile[]> {
  return Promise.all(
    DASHBOARDS.map(async (dashboard) => {
      const path = `grafana/dashboards/${dashboard.uid}.json`;
      const options = await resolveConfig(join(root, path));
      const text = JSON.stringify(dashboardJson(dashboard));
      return { path, text: await format(text, { ...options, parser: 'json' }) };
    }),
  );
}
