import { data } from './data.ts';
import { gateway } from './gateway.ts';
import { goldenSignals } from './golden-signals.ts';
import { loadTest } from './load-test.ts';
import { messagingAndJobs } from './messaging-and-jobs.ts';
import type { Dashboard } from './model.ts';

export type * from './model.ts';

/** Every dashboard that Grafana is given. */
export const DASHBOARDS: readonly Dashboard[] = [
  goldenSignals,
  gateway,
  messagingAndJobs,
  data,
  loadTest,
];
