import type { Table } from '../lab/lab.ts';
import type { LabData } from './data.ts';
import { fixedWorkOf, fixedWorkText } from './fixed-work.ts';
import { numberText, percentText } from './numbers.ts';
import { createResults } from './results.ts';
import type { Figure, Results, Selection } from './results.ts';

const perSecond: Figure = (k6) => k6.requestsPerSecond;
const p95: Figure = (k6) => k6.latency.p95;
const failed: Figure = (k6) => k6.failedRatio;

/** Step by step, this run beside an earlier one; steps that only one of them has are left out. */
export function comparison(now: LabData, earlier: LabData): Table {
  const ours = resultsOf(now);
  const theirs = resultsOf(earlier);
  const rows = stepsOf(now)
    .filter((step) => theirs.select(step).some(({ k6 }) => k6 !== undefined))
    .filter((step) => ours.select(step).some(({ k6 }) => k6 !== undefined))
    .map((step) => [
      ours.title(step.configuration),
      step.load,
      both(theirs, ours, step, perSecond, numberText),
      ratio(theirs, ours, step, perSecond),
      both(theirs, ours, step, p95, numberText),
      ratio(theirs, ours, step, p95),
      both(theirs, ours, step, failed, percentText),
    ]);
  const same =
    earlier.machine.model === now.machine.model && earlier.machine.cores === now.machine.cores;
  return {
    title: `Beside the run of ${earlier.startedAt}`,
    head: ['what ran', 'load', 'requests/s', 'new / old', 'p95 in ms', 'new / old', 'failed'],
    rows,
    note:
      `Each first the earlier run (${earlier.revision}), then this one (${now.revision}).` +
      (same ? '' : ' They were measured on different machines, so the ratios say little.') +
      speeds(earlier, now),
  };
}

/** How fast the machine itself was, where both runs know it. */
function speeds(earlier: LabData, now: LabData): string {
  const [then, here] = [earlier, now].map(({ measurements }) => fixedWorkOf(measurements));
  if (!then?.count || !here?.count) return '';
  return ` A fixed work on one core took ${fixedWorkText(then)}, then ${fixedWorkText(here)}.`;
}

function resultsOf({ measurements, quick, configurations }: LabData): Results {
  const titles = Object.fromEntries(
    Object.entries(configurations).map(([name, { title }]) => [name, title]),
  );
  return createResults(measurements, { quick, titles });
}

function stepsOf({ measurements }: LabData): readonly Required<Selection>[] {
  const steps = new Map(
    measurements.map(({ part, configuration, load }) => [
      JSON.stringify([part, configuration, load]),
      { part, configuration, load },
    ]),
  );
  return [...steps.values()];
}

function both(
  theirs: Results,
  ours: Results,
  step: Selection,
  figure: Figure,
  text: (value: number) => string,
): string {
  return `${text(theirs.median(step, figure))} → ${text(ours.median(step, figure))}`;
}

function ratio(theirs: Results, ours: Results, step: Selection, figure: Figure): string {
  const before = theirs.median(step, figure);
  return before > 0 ? (ours.median(step, figure) / before).toFixed(2) : '–';
}
