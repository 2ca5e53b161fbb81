/** Searches the highest rate at which every objective of a scenario holds, by runs at a constant rate. */
import type { ScenarioResult } from './result.ts';

export interface BreakpointStep {
  readonly rps: number;
  readonly ok: boolean;
  readonly result: ScenarioResult;
}

export interface Breakpoint {
  /** The highest rate that held; undefined when not even one a second did. */
  readonly highest: BreakpointStep | undefined;
  /** The lowest rate that broke; undefined when the search reached `atMost`. */
  readonly broke: BreakpointStep | undefined;
  readonly steps: readonly BreakpointStep[];
}

export interface Search {
  /** The first rate that is tried. */
  readonly from: number;
  /** No higher rate is tried. */
  readonly atMost: number;
  /** Runs the scenario once at a rate. */
  readonly measure: (rps: number) => Promise<ScenarioResult>;
  readonly onStep?: (step: BreakpointStep) => void;
}

/** The search ends when what held and what broke are this close. */
const PRECISION = 1.05;

/**
 * Doubles the rate until it breaks (or halves it until it holds), then halves the gap. A rate that
 * breaks is tried once more before it counts: one hiccup of the machine is no limit.
 */
export async function findBreakpoint({
  from,
  atMost,
  measure,
  onStep,
}: Search): Promise<Breakpoint> {
  const steps: BreakpointStep[] = [];
  let highest: BreakpointStep | undefined;
  let broke: BreakpointStep | undefined;

  async function tryOnce(rps: number): Promise<BreakpointStep> {
    const result = await measure(rps);
    const step = { rps, result, ok: result.thresholds.every(({ ok }) => ok) };
    steps.push(step);
    onStep?.(step);
    return step;
  }

  let rate: number | undefined = Math.min(from, atMost);
  while (rate !== undefined) {
    let step = await tryOnce(rate);
    if (!step.ok) step = await tryOnce(rate);
    if (step.ok) highest = step;
    else broke = step;
    rate = nextRate(highest?.rps, broke?.rps, atMost);
  }
  return { highest, broke, steps };
}

/** @returns undefined when there is nothing more to learn. */
function nextRate(
  held: number | undefined,
  broke: number | undefined,
  atMost: number,
): number | undefined {
  if (broke === undefined) {
    const doubled = Math.min(2 * (held ?? 1), atMost);
    return doubled === held ? undefined : doubled;
  }
  if (held === undefined) return broke > 1 ? Math.floor(broke / 2) : undefined;
  const middle = Math.round((held + broke) / 2);
  return broke / held <= PRECISION || middle === held || middle === broke ? undefined : middle;
}
