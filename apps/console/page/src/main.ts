import 'uplot/dist/uPlot.min.css';
import './style/tokens.css';
import './style/layout.css';
import './style/controls.css';
import './style/panels.css';
import './style/charts.css';
import { createActions } from './actions.ts';
import { createAnnouncer } from './announcer.ts';
import { createSignals } from './charts/signals.ts';
import { el } from './dom.ts';
import { createFormat } from './format.ts';
import { createErrors } from './panels/errors.ts';
import { createFooter } from './panels/footer.ts';
import { createJobs } from './panels/jobs.ts';
import { createQueues } from './panels/queues.ts';
import { createServices } from './panels/services.ts';
import { createSource } from './panels/source.ts';
import { createTraffic } from './panels/traffic.ts';
import { createRefresh } from './refresh.ts';
import { openStream } from './stream.ts';
import type { Connection } from './stream.ts';
import { createThemeSwitch } from './theme.ts';
import { createTimeline } from './timeline.ts';
import { createTopology } from './topology/topology.ts';
import type { Snapshot } from '../../src/snapshot.ts';

const api = `${import.meta.env.BASE_URL}api`;
const format = createFormat();
const announce = createAnnouncer(place('announcer'));
const timeline = createTimeline();
const actions = createActions(api);

const source = createSource({ format, announce, onRetry: () => stream.retry() });
const signals = createSignals(timeline, format);
const topology = createTopology(format);
const services = createServices(format, showCharts);
const traffic = createTraffic({ actions, format, announce });
const jobs = createJobs({ actions, format, announce });
const queues = createQueues(format);
const errors = createErrors(format, announce);
const footer = createFooter(format);
const panels = [traffic, topology, services, jobs, queues, errors, footer];
const theme = createThemeSwitch(() => signals.recolor());

place('header').append(
  el('h1', {}, 'Woodytoys ', el('span', {}, 'console')),
  source.pill,
  theme.root,
);
place('banner').append(source.banner);
place('footer').append(footer.root);
place('main').append(
  traffic.root,
  el('div', { class: 'split' }, topology.root, services.root),
  signals.root,
  el('div', { class: 'thirds' }, jobs.root, queues.root, errors.root),
);

let connection: Connection = { state: 'connecting' };
let latest: { readonly snapshot: Snapshot; readonly receivedAt: number } | undefined;

const refresh = createRefresh((now) => {
  source.update(connection, latest?.snapshot, now);
  const connected = connection.state === 'live';
  const fresh = connected && latest?.snapshot.source.answers === true;
  place('main').classList.toggle('is-stale', latest !== undefined && !fresh);
  traffic.setAvailable(connected);
  jobs.setAvailable(connected);
  if (!latest) return;
  const { snapshot, receivedAt } = latest;
  // While nothing comes the charts go on, so that the gap is seen to grow.
  const silentMs = connected ? 0 : now - receivedAt;
  signals.update(snapshot, (snapshot.time + silentMs) / 1000);
  if (connected) for (const panel of panels) panel.update(snapshot);
});

const stream = openStream({
  url: `${api}/stream`,
  onHistory: (history) => timeline.addHistory(history),
  onSnapshot(snapshot) {
    latest = { snapshot, receivedAt: Date.now() };
    timeline.addSnapshot(snapshot);
    refresh.request();
  },
  onConnection(changed) {
    connection = changed;
    refresh.request();
  },
});
setInterval(() => {
  if (connection.state !== 'live') refresh.request();
}, 1000);

function showCharts(service: string): void {
  signals.select(service);
  signals.root.scrollIntoView({ block: 'start' });
}

function place(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element with the id ${id}.`);
  return element;
}
