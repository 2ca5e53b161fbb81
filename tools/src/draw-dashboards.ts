/**
 * Draws what the dashboards would show, without Grafana: `npm run dashboards:draw`.
 *
 * Each file of grafana/dashboards is read, its expressions are asked of a Prometheus over the last
 * minutes, and a picture is written for each.
 */
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createPrometheus } from './dashboards/asking/prometheus.ts';
import { screenshot } from './dashboards/drawing/chromium.ts';
import type { DrawnDashboard } from './dashboards/drawing/dashboard-file.ts';
import { drawDashboard } from './dashboards/drawing/draw.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const { values: options } = parseArgs({
  options: {
    prometheus: { type: 'string', default: 'http://127.0.0.1:9090' },
    minutes: { type: 'string', default: '15' },
    /** When they end, such as 2026-01-31T18:00:00Z. */
    until: { type: 'string', default: new Date().toISOString() },
    folder: { type: 'string', default: join(root, 'docs/images') },
  },
});

const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes is "${options.minutes}"; expected a number above 0`);
const to = Math.floor(Date.parse(options.until) / 1000);
if (Number.isNaN(to)) throw new Error(`--until is "${options.until}"; expected an ISO 8601 time`);
const prometheus = createPrometheus(options.prometheus);

await mkdir(options.folder, { recursive: true });
for (const old of globSync('grafana-*.png', { cwd: options.folder })) {
  await rm(join(options.folder, old));
}
for (const file of globSync('grafana/dashboards/*.json', { cwd: root })) {
  const dashboard = JSON.parse(await readFile(join(root, file), 'utf8')) as DrawnDashboard;
  const pages = await drawDashboard(prometheus, dashboard, { from: to - minutes * 60, to });
  for (const [index, page] of pages.entries()) {
    const name = `grafana-${basename(file, '.json')}-${index + 1}.png`;
    const picture = join(options.folder, name);
    await screenshot(page, picture);
    const { size } = await stat(picture);
    console.log(`${picture}  ${page.width} × ${page.height}, ${Math.round(size / 1000)} kB`);
  }
}
